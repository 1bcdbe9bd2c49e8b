package dev.kasuari.hw.virtio;

import dev.kasuari.hw.fuzz.FuzzInput;
import dev.kasuari.machine.backend.BlockBackend;
import dev.kasuari.machine.memory.Dma;
import dev.kasuari.machine.memory.DmaFault;
import dev.kasuari.machine.memory.MemoryRegion;
import dev.kasuari.machine.memory.RamBlock;
import dev.kasuari.testkit.DeviceProbe;
import dev.kasuari.testkit.IrqProbe;
import dev.kasuari.testkit.TestBench;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.List;

/**
 * Fuzz target: a driver of virtio-blk and virtio-rng that does what the input says, to registers,
 * rings and buffers, while the host ends requests when and how the input says. Whatever comes, the
 * devices must not fail, hang, write where there is no RAM, or lose count of the chains; nor, as
 * the run has a small heap, allocate without bound.
 */
public final class RingFuzz implements AutoCloseable {
  private static final int RAM = 1 << 16;
  private static final long ROM = 0x4000_0000L;
  private static final int ROM_SIZE = 1 << 12;
  private static final int QUEUE_SIZE = 8;

  // Where a driver that behaves has things; rings of the second device are a page further.
  private static final long DESCRIPTORS = TestBench.RAM;
  private static final long DRIVER = TestBench.RAM + 0x400;
  private static final long DEVICE = TestBench.RAM + 0x600;
  private static final long INDIRECT = TestBench.RAM + 0x800;
  private static final long PAGE = 0x1000;
  private static final long HEADERS = TestBench.RAM + 2 * PAGE;

  private final FuzzInput in;
  private final TestBench bench = new TestBench();
  private final RamBlock rom;
  private final Dma memory;
  private final FuzzDisk disk;
  private final List<Slot> slots;

  /** Something other than guest memory has changed, and devices may be at work. */
  private boolean unsettled;

  /** One of the devices. */
  private static final class Slot {
    final long page;
    final VirtioDevice<?, ?> device;
    final DeviceProbe<VirtioMmio> registers;
    final IrqProbe irq;
    int available;

    Slot(TestBench bench, long page, VirtioDevice<?, ?> device) {
      this.page = page;
      registers = bench.plug(VirtioMmio.of((int) (page / PAGE)));
      this.device = bench.machine().devices().add(device, registers.device().virtioBus());
      irq = registers.irq("irq");
    }
  }

  private RingFuzz(FuzzInput in) {
    this.in = in;
    rom = bench.machine().ram().allocate("rom", ROM_SIZE);
    bench.withRam(RAM);
    bench.machine().locked(() -> bench.machine().root().add(ROM, MemoryRegion.rom(rom)));
    memory = bench.machine().memory().dma(-1);
    int choices = in.u8();
    disk = new FuzzDisk(64, (choices & 1) != 0);
    var blk =
        VirtioBlkType.TYPE.create(
            new VirtioBlk.Props(
                disk,
                null,
                (choices & 2) != 0 ? 4096 : 512,
                4096,
                1 + (choices >> 6),
                QUEUE_SIZE,
                true,
                true,
                true,
                true,
                true));
    long most = (choices & 4) != 0 ? 100 : Long.MAX_VALUE;
    var rng = VirtioRngType.TYPE.create(new VirtioRng.Props(most, 1, true, true));
    slots = List.of(new Slot(bench, 0, blk), new Slot(bench, PAGE, rng));
    slots.forEach(this::setUp);
  }

  /** What Jazzer calls. */
  public static void fuzzerTestOneInput(byte[] input) {
    try (var fuzz = new RingFuzz(new FuzzInput(input))) {
      fuzz.run();
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
  }

  private void run() throws InterruptedException {
    while (in.more()) {
      List<Counts> counts = slots.stream().map(Counts::of).toList();
      boolean continues = step(slots.get(in.choose(2)));
      if (unsettled) {
        bench.awaitPosts();
        unsettled = false;
        if (continues) {
          counts.forEach(Counts::check);
        }
        slots.forEach(this::checkSlot);
      }
    }
    disk.endAll();
    bench.awaitPosts();
    slots.forEach(this::checkSlot);
    checkRom();
  }

  @Override
  public void close() {
    disk.endAll();
    bench.close();
  }

  // ---- what a guest and a host do --------------------------------------------------------------

  /** False if queues may have been set up anew. */
  private boolean step(Slot slot) {
    int what = in.choose(16);
    unsettled = !((what >= 4 && what <= 8) || what == 14);
    switch (what) {
      case 0 -> writeRegister(slot, in.choose(64) * 4L, in.size(), in.value());
      case 1 -> writeRegister(slot, in.number(2) & 0xfff, in.size(), in.number(8));
      case 2 -> slot.registers.tryRead(in.number(2) & 0xfff, in.size());
      case 3 -> {
        setUp(slot);
        return false;
      }
      case 4, 5 -> descriptor(slot, slot.page + DESCRIPTORS);
      case 6 -> descriptor(slot, slot.page + INDIRECT);
      case 7 -> header();
      case 8 -> offer(slot);
      case 9 -> {
        offer(slot);
        notify(slot);
      }
      case 10 -> notify(slot);
      case 11, 12 -> endOne();
      case 13 -> bench.clock().advance(1L << in.choose(40));
      case 14 -> poke(TestBench.RAM + (in.number(2) & RAM - 1), in.size(), in.value());
      default -> {
        seldom(slot);
        return false;
      }
    }
    return true;
  }

  private void seldom(Slot slot) {
    switch (in.choose(6)) {
      case 0 -> disk.resize(in.choose(65));
      case 1 -> slot.registers.peek(in.number(2) & 0xff8, in.size());
      case 2 -> {
        disk.endAll();
        slot.registers.reset();
      }
      case 3 -> restore();
      case 4 -> writeRegister(slot, Driver.INTERRUPT_ACK, 4, 3);
      default -> writeRegister(slot, Driver.STATUS, 4, in.choose(16));
    }
  }

  /** To a new machine, as it were: what was in flight when it was saved is done again. */
  private void restore() {
    var saved = bench.machine().devices().save();
    disk.endAll();
    slots.getFirst().registers.reset();
    bench.machine().devices().restore(saved);
  }

  private void writeRegister(Slot slot, long offset, int size, long value) {
    boolean waits =
        reaches(offset, size, Driver.STATUS) || reaches(offset, size, Driver.QUEUE_READY);
    bench
        .machine()
        .locked(() -> {
          if (waits) {
            disk.endAll(); // a reset waits for the host; the completions come after it
          }
          slot.registers.tryWrite(offset, size, value & (-1L >>> (64 - 8 * size)));
        });
  }

  private static boolean reaches(long offset, int size, int register) {
    return offset < register + 4 && offset + size > register;
  }

  /** As a driver that behaves, with the features that the input says. */
  private void setUp(Slot slot) {
    int choices = in.u8();
    for (int status : new int[] {0, 1, 3}) {
      writeRegister(slot, Driver.STATUS, 4, status);
    }
    writeRegister(slot, 0x24, 4, 0);
    int rings = (choices & 3) << 28; // indirect descriptors, event index
    writeRegister(slot, 0x20, 4, rings | ((choices & 4) != 0 ? 0x7fff : 0));
    writeRegister(slot, 0x24, 4, 1);
    writeRegister(slot, 0x20, 4, 1);
    writeRegister(slot, Driver.STATUS, 4, 11);
    writeRegister(slot, Driver.QUEUE_SEL, 4, 0);
    writeRegister(slot, Driver.QUEUE_NUM, 4, 1 << (choices >> 6));
    long page = (choices & 8) != 0 ? ROM - TestBench.RAM : slot.page;
    writeRegister(slot, 0x80, 8, slot.page + DESCRIPTORS);
    writeRegister(slot, 0x90, 8, slot.page + DRIVER);
    writeRegister(slot, 0xa0, 8, page + DEVICE);
    poke(slot.page + DRIVER + 2, 2, 0);
    slot.available = 0;
    writeRegister(slot, Driver.QUEUE_READY, 4, 1);
    writeRegister(slot, Driver.STATUS, 4, 15);
  }

  private void descriptor(Slot slot, long table) {
    long at = table + 16L * in.choose(QUEUE_SIZE);
    int flags = in.u8();
    poke(at, 8, address(slot));
    poke(at + 8, 4, length());
    poke(at + 12, 2, flags < 250 ? flags & 7 : flags << 8);
    poke(at + 14, 2, in.choose(QUEUE_SIZE + 1));
  }

  private long address(Slot slot) {
    int how = in.u8();
    return switch (how >> 5) {
      case 0, 1 -> HEADERS + (how & 63) * 16L;
      case 2, 3 -> TestBench.RAM + 3 * PAGE + (how & 63) * 512L;
      case 4 -> slot.page + INDIRECT + (how & 31) * 16L;
      case 5 -> TestBench.RAM + RAM - (how & 31);
      case 6 -> ROM + (how & 31) * 16L;
      default ->
          switch (how & 7) {
            case 0 -> slot.registers.address() + (how & 24);
            case 1 -> -(1L + (how & 24));
            case 2 -> 0;
            case 3 -> slot.page + DESCRIPTORS;
            case 4 -> slot.page + DRIVER;
            case 5 -> slot.page + DEVICE;
            default -> in.number(8);
          };
    };
  }

  private long length() {
    int how = in.u8();
    return switch (how >> 5) {
      case 0, 1 -> how & 63;
      case 2 -> (how & 31) * 16L;
      case 3, 4, 5 -> (how & 31) * 512L;
      case 6 -> (how & 31) * 512L + 1;
      default -> in.number(4);
    };
  }

  /** A request's header, or the range of a discard. */
  private void header() {
    long at = HEADERS + in.choose(64) * 16L;
    int type = in.u8();
    poke(at, 4, type < 240 ? type & 15 : in.number(4));
    poke(at + 8, 8, in.value());
  }

  private void offer(Slot slot) {
    int head = in.u8();
    int ahead = head < 240 ? 1 : in.u8();
    long ring = slot.page + DRIVER;
    poke(ring + 4 + 2L * (slot.available & (QUEUE_SIZE - 1)), 2, head % (QUEUE_SIZE + 1));
    poke(ring, 2, head >> 7);
    slot.available += ahead;
    poke(ring + 2, 2, slot.available);
    poke(ring + 4 + 2L * QUEUE_SIZE, 2, slot.available - (head & 16) / 16);
  }

  private void notify(Slot slot) {
    writeRegister(slot, Driver.QUEUE_NOTIFY, 4, 0);
  }

  private void endOne() {
    BlockBackend.Status[] all = BlockBackend.Status.values();
    int choice = in.u8();
    if (disk.held() > 0) {
      disk.end(choice % disk.held(), choice < 128 ? all[0] : all[choice % all.length]);
    }
  }

  private void poke(long address, int size, long value) {
    byte[] bytes = new byte[size];
    for (int i = 0; i < size; i++) {
      bytes[i] = (byte) (value >>> (8 * i));
    }
    try {
      memory.write(address, bytes);
    } catch (DmaFault e) {
      // Across the end of memory.
    }
  }

  // ---- what must hold --------------------------------------------------------------------------

  private void checkSlot(Slot slot) {
    Throwable failure = bench.machine().failure();
    if (failure != null) {
      throw new AssertionError("the machine failed", failure);
    }
    VirtioState state = slot.device.virtio();
    check(slot.irq.level() == (state.interruptStatus != 0), "the line is not the status");
    for (Virtqueue queue : slot.device.queues()) {
      VirtqueueState ring = state.queue(queue.index());
      check(ring.inFlight.size() <= queue.size(), "more in flight than there are descriptors");
      check(!slot.device.running() || queue.size() <= queue.maxSize(), "a queue that is too long");
    }
    if ((state.status & Virtio.DEVICE_NEEDS_RESET) != 0) {
      check(bench.log().stream().anyMatch(l -> l.contains("it needs a reset")), "broken silently");
    }
  }

  private void checkRom() {
    MemorySegment bytes = rom.segment();
    for (int i = 0; i < ROM_SIZE; i++) {
      check(bytes.get(ValueLayout.JAVA_BYTE, i) == 0, "ROM was written");
    }
  }

  private static void check(boolean holds, String what) {
    if (!holds) {
      throw new AssertionError(what);
    }
  }

  /** How far the first queue is: every chain that was taken is in flight or was given back. */
  private record Counts(
      Slot slot, int available, int used, int inFlight, boolean broken, boolean ready) {
    static Counts of(Slot slot) {
      VirtioState state = slot.device.virtio();
      VirtqueueState ring = state.queue(0);
      boolean broken = (state.status & Virtio.DEVICE_NEEDS_RESET) != 0;
      return new Counts(
          slot, ring.nextAvailable, ring.nextUsed, ring.inFlight.size(), broken, ring.ready);
    }

    void check() {
      Counts now = of(slot);
      if (!ready || !now.ready) {
        return;
      }
      int taken = (now.available - available) & 0xffff;
      int given = (now.used - used) & 0xffff;
      if (broken) {
        RingFuzz.check(taken == 0 && given == 0, "a broken device goes on");
      } else if (!now.broken) {
        RingFuzz.check(taken - given == now.inFlight - inFlight, "chains were lost: " + now);
      }
    }
  }
}
