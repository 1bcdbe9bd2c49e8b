package dev.kasuari.hw.virtio;

import dev.kasuari.hw.fuzz.FuzzInput;
import dev.kasuari.machine.memory.Dma;
import dev.kasuari.machine.memory.DmaFault;
import dev.kasuari.machine.memory.MemoryRegion;
import dev.kasuari.machine.memory.RamBlock;
import dev.kasuari.testkit.DeviceProbe;
import dev.kasuari.testkit.IrqProbe;
import dev.kasuari.testkit.TestBench;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/**
 * A driver of virtio devices that does what an input says, to registers, rings and buffers, while
 * the host does what the input says too. Whatever comes, the devices must not fail, hang, write
 * where there is no RAM, or lose count of the chains; nor, as the run has a small heap, allocate
 * without bound.
 */
abstract class RingFuzz implements AutoCloseable {
  private static final int RAM = 1 << 16;
  private static final long ROM = 0x4000_0000L;
  private static final int ROM_SIZE = 1 << 12;
  private static final int QUEUE_SIZE = 8;

  // Where a driver that behaves has the parts of a ring, from the ring's page on.
  private static final long DESCRIPTORS = 0;
  private static final long DRIVER = 0x400;
  private static final long DEVICE = 0x600;
  private static final long INDIRECT = 0x800;
  private static final long PAGE = 0x1000;

  final FuzzInput in;
  final TestBench bench = TestBench.driven();
  private final RamBlock rom;
  private final Dma memory;
  private final List<Slot> slots = new ArrayList<>();
  private int rings;

  /** Something other than guest memory has changed, and devices may be at work. */
  private boolean unsettled;

  /** One of a device's queues, as the driver sees it. */
  private static final class Ring {
    final int queue;
    final long page;
    int available;

    Ring(int queue, long page) {
      this.queue = queue;
      this.page = page;
    }
  }

  /** One of the devices. */
  static final class Slot {
    final VirtioDevice<?, ?> device;
    final DeviceProbe<VirtioMmio> registers;
    final IrqProbe irq;
    private final List<Ring> rings;

    private Slot(DeviceProbe<VirtioMmio> registers, VirtioDevice<?, ?> device, List<Ring> rings) {
      this.registers = registers;
      this.device = device;
      this.rings = rings;
      irq = registers.irq("irq");
    }
  }

  RingFuzz(FuzzInput in) {
    this.in = in;
    rom = bench.machine().ram().allocate("rom", ROM_SIZE);
    bench.withRam(RAM);
    bench.machine().locked(() -> bench.machine().root().add(ROM, MemoryRegion.rom(rom)));
    memory = bench.machine().memory().dma(-1);
  }

  /** Adds a device of which the driver uses so many queues, which get a page each. */
  final void plug(VirtioDevice<?, ?> device, int queues) {
    DeviceProbe<VirtioMmio> registers = bench.plug(VirtioMmio.of(slots.size()));
    bench.machine().devices().add(device, registers.device().virtioBus());
    List<Ring> own =
        IntStream.range(0, queues)
            .mapToObj(q -> new Ring(q, TestBench.RAM + PAGE * (rings + q)))
            .toList();
    rings += queues;
    slots.add(new Slot(registers, device, own));
  }

  // What a kind of devices has.

  /** The lower features that a driver that wants all accepts. */
  abstract int features();

  /**
   * How many kinds of steps the input chooses from: 16, or more if whole requests are among them.
   */
  abstract int kinds();

  /** What the host does of its own accord. */
  abstract void hostStep();

  /** As {@link #hostStep}, of what is seldom. */
  abstract void seldomHostStep();

  /** Ends what the host does for devices, without which a reset would wait. */
  abstract void endAll();

  /** Writes what a request begins with. */
  abstract void header(long address);

  /** One of {@code count}; if there is but one, no input is needed. */
  private int pick(int count) {
    return count == 1 ? 0 : in.choose(count);
  }

  /**
   * Does what the input says.
   *
   * @return in how many steps
   */
  final int run() {
    slots.forEach(this::setUp);
    int steps = 0;
    for (; in.more(); steps++) {
      List<Counts> counts = slots.stream().flatMap(Counts::of).toList();
      boolean continues = step(slots.get(in.choose(slots.size())));
      if (unsettled) {
        settle();
        unsettled = false;
        if (continues) {
          counts.forEach(Counts::check);
        }
        slots.forEach(this::checkSlot);
      }
    }
    endAll();
    settle();
    slots.forEach(this::checkSlot);
    checkRom();
    return steps;
  }

  private void settle() {
    try {
      bench.awaitPosts();
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
  }

  @Override
  public void close() {
    endAll();
    bench.close();
  }

  // ---- what a guest and a host do --------------------------------------------------------------

  /** False if queues may have been set up anew. */
  private boolean step(Slot slot) {
    Ring ring = slot.rings.get(pick(slot.rings.size()));
    int what = in.choose(kinds());
    unsettled = !((what >= 4 && what <= 8) || what == 14);
    switch (what) {
      case 0 -> writeRegister(slot, in.choose(64) * 4L, in.size(), in.value());
      case 1 -> writeRegister(slot, in.number(2) & 0xfff, in.size(), in.number(8));
      case 2 -> slot.registers.tryRead(in.number(2) & 0xfff, in.size());
      case 3 -> {
        setUp(slot);
        return false;
      }
      case 4, 5 -> descriptor(slot, ring, ring.page + DESCRIPTORS);
      case 6 -> descriptor(slot, ring, ring.page + INDIRECT);
      case 7 -> header(headers() + in.choose(64) * 16L);
      case 8 -> offer(ring);
      case 9 -> {
        offer(ring);
        notify(slot, ring);
      }
      case 10 -> notify(slot, ring);
      case 11, 12 -> hostStep();
      case 13 -> bench.clock().advance(1L << in.choose(40));
      case 14 -> poke(TestBench.RAM + (in.number(2) & RAM - 1), in.size(), in.value());
      case 15 -> {
        seldom(slot);
        return false;
      }
      default -> request(slot, ring);
    }
    return true;
  }

  /** All of a request at once, with descriptors as they should be, though not what they say. */
  private void request(Slot slot, Ring ring) {
    int shape = in.u8();
    int readable = shape & 3;
    int count = readable + ((shape >> 2) & 3);
    int head = shape >> 5;
    for (int i = 0; i < count; i++) {
      long at = ring.page + DESCRIPTORS + 16L * ((head + i) % QUEUE_SIZE);
      long address = headers() + (i == 0 ? in.choose(64) * 16L : PAGE + in.choose(64) * 512L);
      if (i == 0 && readable > 0) {
        header(address);
      }
      poke(at, 8, address);
      poke(at + 8, 4, length());
      poke(at + 12, 2, (i < count - 1 ? 1 : 0) | (i < readable ? 0 : 2));
      poke(at + 14, 2, (head + i + 1) % QUEUE_SIZE);
    }
    long available = ring.page + DRIVER;
    poke(available + 4 + 2L * (ring.available & (QUEUE_SIZE - 1)), 2, head);
    poke(available + 2, 2, ++ring.available);
    notify(slot, ring);
  }

  private void seldom(Slot slot) {
    switch (in.choose(6)) {
      case 0 -> seldomHostStep();
      case 1 -> slot.registers.peek(in.number(2) & 0xff8, in.size());
      case 2 -> {
        endAll();
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
    endAll();
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
            endAll(); // a reset waits for the host; the completions come after it
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
    writeRegister(slot, 0x20, 4, rings | ((choices & 4) != 0 ? features() : 0));
    writeRegister(slot, 0x24, 4, 1);
    writeRegister(slot, 0x20, 4, 1);
    writeRegister(slot, Driver.STATUS, 4, 11);
    slot.rings.forEach(ring -> setUp(slot, ring, choices));
    writeRegister(slot, Driver.STATUS, 4, 15);
  }

  private void setUp(Slot slot, Ring ring, int choices) {
    writeRegister(slot, Driver.QUEUE_SEL, 4, ring.queue);
    writeRegister(slot, Driver.QUEUE_NUM, 4, 1 << (choices >> 6));
    long used = (choices & 8) != 0 ? ROM : ring.page;
    writeRegister(slot, 0x80, 8, ring.page + DESCRIPTORS);
    writeRegister(slot, 0x90, 8, ring.page + DRIVER);
    writeRegister(slot, 0xa0, 8, used + DEVICE);
    poke(ring.page + DRIVER + 2, 2, 0);
    ring.available = 0;
    writeRegister(slot, Driver.QUEUE_READY, 4, 1);
  }

  private long headers() {
    return TestBench.RAM + rings * PAGE;
  }

  private void descriptor(Slot slot, Ring ring, long table) {
    long at = table + 16L * in.choose(QUEUE_SIZE);
    int flags = in.u8();
    poke(at, 8, address(slot, ring));
    poke(at + 8, 4, length());
    poke(at + 12, 2, flags < 250 ? flags & 7 : flags << 8);
    poke(at + 14, 2, in.choose(QUEUE_SIZE + 1));
  }

  private long address(Slot slot, Ring ring) {
    int how = in.u8();
    return switch (how >> 5) {
      case 0, 1 -> headers() + (how & 63) * 16L;
      case 2, 3 -> headers() + PAGE + (how & 63) * 512L;
      case 4 -> ring.page + INDIRECT + (how & 31) * 16L;
      case 5 -> TestBench.RAM + RAM - (how & 31);
      case 6 -> ROM + (how & 31) * 16L;
      default ->
          switch (how & 7) {
            case 0 -> slot.registers.address() + (how & 24);
            case 1 -> -(1L + (how & 24));
            case 2 -> 0;
            case 3 -> ring.page + DESCRIPTORS;
            case 4 -> ring.page + DRIVER;
            case 5 -> ring.page + DEVICE;
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

  private void offer(Ring ring) {
    int head = in.u8();
    int ahead = head < 240 ? 1 : in.u8();
    long at = ring.page + DRIVER;
    poke(at + 4 + 2L * (ring.available & (QUEUE_SIZE - 1)), 2, head % (QUEUE_SIZE + 1));
    poke(at, 2, head >> 7);
    ring.available += ahead;
    poke(at + 2, 2, ring.available);
    poke(at + 4 + 2L * QUEUE_SIZE, 2, ring.available - (head & 16) / 16);
  }

  private void notify(Slot slot, Ring ring) {
    writeRegister(slot, Driver.QUEUE_NOTIFY, 4, ring.queue);
  }

  final void poke(long address, int size, long value) {
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

  /** How far a queue is: every chain that was taken is in flight or was given back. */
  private record Counts(
      Slot slot, int queue, int available, int used, int inFlight, boolean broken, boolean ready) {
    static Stream<Counts> of(Slot slot) {
      return slot.rings.stream().map(ring -> of(slot, ring.queue));
    }

    private static Counts of(Slot slot, int queue) {
      VirtioState state = slot.device.virtio();
      VirtqueueState ring = state.queue(queue);
      boolean broken = (state.status & Virtio.DEVICE_NEEDS_RESET) != 0;
      return new Counts(
          slot, queue, ring.nextAvailable, ring.nextUsed, ring.inFlight.size(), broken, ring.ready);
    }

    void check() {
      Counts now = of(slot, queue);
      if (!ready || !now.ready) {
        return;
      }
      int taken = (now.available - available) & 0xffff;
      int given = (now.used - used) & 0xffff;
      if (broken) {
        RingFuzz.check(taken == 0 && given == 0, "a broken device goes on");
      } else if (!now.broken && taken - given != now.inFlight - inFlight) {
        throw new AssertionError("chains were lost: " + now);
      }
    }
  }
}
