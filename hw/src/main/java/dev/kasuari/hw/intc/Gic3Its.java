package dev.kasuari.hw.intc;

import dev.kasuari.machine.Device;
import dev.kasuari.machine.DeviceModel;
import dev.kasuari.machine.HardwareNode;
import dev.kasuari.machine.Log;
import dev.kasuari.machine.LogCategory;
import dev.kasuari.machine.Registers;
import dev.kasuari.machine.Wiring;
import dev.kasuari.machine.memory.Dma;
import dev.kasuari.machine.memory.DmaFault;
import org.jspecify.annotations.Nullable;

/**
 * Interrupt translation service of a {@link Gic3}: a message of a device becomes an interrupt of a
 * CPU by way of tables that software fills through a queue of commands. Source: ARM IHI 0069,
 * chapter 5 and sections 12.18 to 12.20.
 *
 * <p>The device is the access's requester. {@link GicItsTables} has the tables in memory.
 */
@DeviceModel(name = "arm-gicv3-its", bus = GicFrames.class)
public final class Gic3Its extends Device<Gic3Its.Props, Gic3Its.State> {
  /** There is nothing to choose. */
  public record Props() {}

  /** What changes. */
  public static final class State {
    boolean enabled;
    long cbaser;
    long cwriter;
    long creadr;

    /** Of devices, and of collections. */
    final long[] baser = new long[TABLES];
  }

  static final int DEVICE_BITS = 16;
  static final int EVENT_BITS = 16;
  static final int COLLECTION_BITS = 16;

  private static final int TABLES = 8;
  private static final int DEVICES = 0;
  private static final int COLLECTIONS = 1;
  private static final long DEVICE_TABLE = fixed(1);
  private static final long COLLECTION_TABLE = fixed(4);

  private static final int COMMAND = 32;
  private static final long VALID = 1L << 63;
  private static final long ADDRESS = 0x000f_ffff_ffff_f000L;
  private static final long OFFSET = 0xf_ffe0;
  private static final long LOW = 0xffff_ffffL;
  private static final int CONTROL = 0x1_0000;

  private Dma memory;
  private Log log;
  private @Nullable LpiPort target;

  /** One that is still to be connected. */
  public static Gic3Its of() {
    return Gic3ItsType.TYPE.create(new Props());
  }

  /** Says who takes the interrupts: the port {@code lpi} of the controller. */
  public Gic3Its connect(LpiPort lpis) {
    target = lpis;
    return this;
  }

  @Override
  protected void realize(Wiring w) {
    memory = w.dma();
    log = w.log();
    var registers =
        Registers.width(4)
            .accepts(2, 8)
            .at(0x0000, "GITS_CTLR")
            .field("ENABLED", 0, 1, "translates and takes commands")
            .field("QUIESCENT", 31, 1, "does nothing at all")
            .reset(0x8000_0000L)
            .read(() -> state().enabled ? 1 : 0x8000_0000L)
            .write(v -> enable((v & 1) != 0))
            .at(0x0004, "GITS_IIDR")
            .constant(0x043b)
            .at(0x0008, "GITS_TYPER")
            .times(2, 4)
            .doc("entries of 8 bytes, 16 bits each of event, device and collection")
            .readEach(half -> identity() >>> (32 * half))
            .at(0x0080, "GITS_CBASER")
            .times(2, 4)
            .doc("where the queue of commands is")
            .readWriteEach(half -> state().cbaser >>> (32 * half), this::setCbaser)
            .at(0x0088, "GITS_CWRITER")
            .times(2, 4)
            .doc("the end of the queue")
            .readWriteEach(half -> state().cwriter >>> (32 * half), this::setCwriter)
            .at(0x0090, "GITS_CREADR")
            .times(2, 4)
            .doc("the command that is next")
            .readEach(half -> state().creadr >>> (32 * half))
            .at(0x0100, "GITS_BASER")
            .times(2 * TABLES, 4)
            .doc("where a table is, and what of")
            .readWriteEach(i -> baser(i / 2) >>> (32 * (i % 2)), this::setBaser);
    GicIdentity.identify(registers, 0xffd0, 0x494, 3);
    registers
        .at(CONTROL + 0x40, "GITS_TRANSLATER")
        .doc("a device's message")
        .writeBy((i, v, a) -> translate(a.requester(), (int) v));
    w.region("regs", 2L * CONTROL, registers);
  }

  private static long identity() {
    return 1 // physical interrupts
        | 7L << 4 // bytes of an entry, less 1
        | (EVENT_BITS - 1L) << 8
        | (DEVICE_BITS - 1L) << 13; // and collections have 16 where nothing is said
  }

  /** What of a BASER is fixed: the type, and entries of 8 bytes. */
  private static long fixed(long type) {
    return type << 56 | 7L << 48;
  }

  private static long with(long whole, int half, long value) {
    return half == 0 ? (whole & ~LOW) | value : (whole & LOW) | value << 32;
  }

  // Registers.

  private void enable(boolean on) {
    state().enabled = on;
    perform();
  }

  private void setCbaser(int half, long value) {
    if (!state().enabled) {
      state().cbaser = with(state().cbaser, half, value) & 0xb8ef_ffff_ffff_fcffL;
      state().creadr = 0;
    }
  }

  private void setCwriter(int half, long value) {
    if (half == 0) {
      state().cwriter = value & OFFSET;
      perform();
    }
  }

  private long baser(int table) {
    return switch (table) {
      case DEVICES -> state().baser[table] | DEVICE_TABLE;
      case COLLECTIONS -> state().baser[table] | COLLECTION_TABLE;
      default -> 0;
    };
  }

  private void setBaser(int index, long value) {
    int table = index / 2;
    if (table <= COLLECTIONS && !state().enabled) {
      long whole = with(state().baser[table], index % 2, value);
      state().baser[table] = whole & 0xf8e0_ffff_ffff_ffffL;
    }
  }

  private GicItsTables tables() {
    return new GicItsTables(memory, baser(DEVICES), baser(COLLECTIONS));
  }

  // Messages.

  private void translate(int device, int event) {
    if (!state().enabled) {
      return;
    }
    try {
      interrupt(device, event, true);
    } catch (DmaFault e) {
      refuse("message %d of device 0x%x: %s".formatted(event, device, e.getMessage()));
    }
  }

  private void interrupt(int device, int event, boolean on) throws DmaFault {
    GicItsTables tables = tables();
    long entry = tables.event(device, event);
    int cpu = tables.cpuOf(GicItsTables.collection(entry));
    LpiPort to = target;
    if (entry == 0 || cpu < 0 || to == null || cpu >= to.cpus()) {
      refuse("message %d of device 0x%x: not mapped".formatted(event, device));
    } else {
      to.setPending(cpu, GicItsTables.interrupt(entry), on);
    }
  }

  private void refuse(String what) {
    log.write(LogCategory.GUEST_ERRORS, () -> id() + ": " + what);
  }

  // Commands.

  /** Bytes of the queue. */
  private long queueSize() {
    return ((state().cbaser & 0xff) + 1) << 12;
  }

  private void perform() {
    if ((state().cbaser & VALID) == 0 || state().cwriter >= queueSize()) {
      return;
    }
    while (state().enabled && state().creadr != state().cwriter) {
      long at = (state().cbaser & ADDRESS) + state().creadr;
      try {
        long[] words = new long[4];
        for (int i = 0; i < words.length; i++) {
          words[i] = memory.read64(at + 8L * i);
        }
        perform(words);
      } catch (DmaFault e) {
        refuse("command at 0x%x: %s".formatted(at, e.getMessage()));
      }
      state().creadr = (state().creadr + COMMAND) % queueSize();
    }
  }

  /** Performs a command; one that cannot be is passed over. */
  private void perform(long[] command) throws DmaFault {
    int device = (int) (command[0] >>> 32);
    int event = (int) command[1];
    int collection = (int) command[2] & 0xffff;
    boolean valid = command[2] < 0;
    switch ((int) command[0] & 0xff) {
      case 0x01 -> move(device, event, collection);
      case 0x03 -> interrupt(device, event, true);
      case 0x04 -> interrupt(device, event, false);
      case 0x05 -> {} // all is done at once
      case 0x08 -> check(tables().mapDevice(device, valid, command[1] & 0x1f, command[2]));
      case 0x09 -> check(tables().mapCollection(collection, valid, cpu(command[2])));
      case 0x0a -> map(device, event, (int) (command[1] >>> 32), collection);
      case 0x0b -> map(device, event, event, collection);
      case 0x0c -> invalidate(device, event);
      case 0x0d -> invalidateAll(collection);
      case 0x0e -> moveAll(cpu(command[2]), cpu(command[3]));
      case 0x0f -> discard(device, event);
      default -> refuse("there is no command 0x%x".formatted(command[0] & 0xff));
    }
  }

  private static int cpu(long word) {
    return (int) (word >>> 16 & 0xffff);
  }

  private void check(boolean done) {
    if (!done) {
      refuse("a command maps what has no place in its table");
    }
  }

  private void map(int device, int event, int interrupt, int collection) throws DmaFault {
    boolean message = interrupt >= Gic3.FIRST_LPI && interrupt < 1 << Gic3.ID_BITS;
    check(message && tables().setEvent(device, event, GicItsTables.entry(interrupt, collection)));
  }

  private void move(int device, int event, int collection) throws DmaFault {
    GicItsTables tables = tables();
    long entry = tables.event(device, event);
    int from = tables.cpuOf(GicItsTables.collection(entry));
    int to = tables.cpuOf(collection);
    if (entry == 0 || from < 0 || to < 0) {
      refuse("message %d of device 0x%x cannot be moved".formatted(event, device));
      return;
    }
    int interrupt = GicItsTables.interrupt(entry);
    check(tables.setEvent(device, event, GicItsTables.entry(interrupt, collection)));
    LpiPort lpis = target;
    if (lpis != null && from != to && from < lpis.cpus() && to < lpis.cpus()) {
      lpis.move(from, to, interrupt);
    }
  }

  private void discard(int device, int event) throws DmaFault {
    interrupt(device, event, false);
    check(tables().setEvent(device, event, 0));
  }

  private void invalidate(int device, int event) throws DmaFault {
    invalidateAll(GicItsTables.collection(tables().event(device, event)));
  }

  private void invalidateAll(int collection) throws DmaFault {
    int cpu = tables().cpuOf(collection);
    LpiPort lpis = target;
    if (lpis != null && cpu >= 0 && cpu < lpis.cpus()) {
      lpis.invalidate(cpu);
    }
  }

  private void moveAll(int from, int to) {
    LpiPort lpis = target;
    if (lpis != null && from != to && from < lpis.cpus() && to < lpis.cpus()) {
      lpis.moveAll(from, to);
    }
  }

  @Override
  protected void onRestore() {
    state().cwriter &= OFFSET;
    state().creadr = (state().creadr & OFFSET) % queueSize();
  }

  @Override
  public void describe(HardwareNode n) {
    n.named("its").compatible("arm,gic-v3-its").reg().flag("msi-controller").u32("#msi-cells", 1);
  }
}
