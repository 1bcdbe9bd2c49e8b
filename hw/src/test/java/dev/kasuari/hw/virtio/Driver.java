package dev.kasuari.hw.virtio;

import dev.kasuari.machine.memory.Dma;
import dev.kasuari.machine.memory.DmaFault;
import dev.kasuari.testkit.DeviceProbe;
import dev.kasuari.testkit.TestBench;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** The guest's side of a virtio device, written from the specification. */
final class Driver {
  static final int STATUS = 0x70;
  static final int INTERRUPT_STATUS = 0x60;
  static final int INTERRUPT_ACK = 0x64;
  static final int QUEUE_SEL = 0x30;
  static final int QUEUE_NUM_MAX = 0x34;
  static final int QUEUE_NUM = 0x38;
  static final int QUEUE_READY = 0x44;
  static final int QUEUE_NOTIFY = 0x50;
  static final int CONFIG = 0x100;
  static final long RAM_SIZE = 1 << 20;

  final TestBench bench;
  final DeviceProbe<VirtioMmio> regs;
  final Dma memory;
  private long free = TestBench.RAM;

  Driver(TestBench bench, DeviceProbe<VirtioMmio> regs) {
    this.bench = bench;
    this.regs = regs;
    bench.withRam(RAM_SIZE);
    memory = bench.machine().memory().dma(-1);
  }

  long allocate(int size) {
    long address = (free + 15) & ~15L;
    free = address + size;
    if (free > TestBench.RAM + RAM_SIZE) {
      throw new IllegalStateException("out of memory");
    }
    return address;
  }

  long offered() {
    regs.write32(0x14, 0);
    long low = Integer.toUnsignedLong(regs.read32(0x10));
    regs.write32(0x14, 1);
    return low | ((long) regs.read32(0x10) << 32);
  }

  void accept(long features) {
    regs.write32(0x24, 0);
    regs.write32(0x20, (int) features);
    regs.write32(0x24, 1);
    regs.write32(0x20, (int) (features >>> 32));
  }

  /** From reset to FEATURES_OK; gives what the status then is. */
  int negotiate(long features) {
    regs.write32(STATUS, 0);
    regs.write32(STATUS, 1);
    regs.write32(STATUS, 3);
    accept(features | 1L << 32);
    regs.write32(STATUS, 11);
    return regs.read32(STATUS);
  }

  /** DRIVER_OK. */
  void go() {
    regs.write32(STATUS, 15);
  }

  Queue queue(int index, int size) {
    return new Queue(index, size);
  }

  void write(long address, byte[] bytes) {
    try {
      memory.write(address, bytes);
    } catch (DmaFault e) {
      throw new IllegalStateException(e);
    }
  }

  byte[] read(long address, int length) {
    try {
      return memory.read(address, length);
    } catch (DmaFault e) {
      throw new IllegalStateException(e);
    }
  }

  int read16(long address) {
    byte[] b = read(address, 2);
    return (b[0] & 0xff) | (b[1] & 0xff) << 8;
  }

  void write16(long address, int value) {
    write(address, new byte[] {(byte) value, (byte) (value >> 8)});
  }

  /** A buffer of a chain. */
  record Buffer(long address, int length, boolean write) {}

  Buffer out(byte... bytes) {
    long address = allocate(bytes.length);
    write(address, bytes);
    return new Buffer(address, bytes.length, false);
  }

  Buffer in(int length) {
    long address = allocate(length);
    byte[] fill = new byte[length];
    Arrays.fill(fill, (byte) 0xee);
    write(address, fill);
    return new Buffer(address, length, true);
  }

  /** What the device gave back. */
  record Used(int id, int length) {}

  final class Queue {
    final int index;
    final int size;
    final long descriptors;
    final long available;
    final long used;
    int nextDescriptor;
    int availableIndex;
    int seen;

    Queue(int index, int size) {
      this.index = index;
      this.size = size;
      descriptors = allocate(16 * size);
      available = allocate(6 + 2 * size);
      used = allocate(6 + 8 * size);
      write(available, new byte[6 + 2 * size]);
      write(used, new byte[6 + 8 * size]);
      regs.write32(QUEUE_SEL, index);
      regs.write32(QUEUE_NUM, size);
      address(0x80, descriptors);
      address(0x90, available);
      address(0xa0, used);
      regs.write32(QUEUE_READY, 1);
    }

    private void address(int register, long value) {
      regs.write32(register, (int) value);
      regs.write32(register + 4, (int) (value >>> 32));
    }

    void descriptor(long table, int number, long address, int length, int flags, int next) {
      byte[] d = new byte[16];
      for (int i = 0; i < 8; i++) {
        d[i] = (byte) (address >>> (8 * i));
      }
      for (int i = 0; i < 4; i++) {
        d[8 + i] = (byte) (length >>> (8 * i));
      }
      d[12] = (byte) flags;
      d[13] = (byte) (flags >> 8);
      d[14] = (byte) next;
      d[15] = (byte) (next >> 8);
      write(table + 16L * number, d);
    }

    /** Writes a chain into the table; gives its head. */
    int chain(Buffer... buffers) {
      int head = nextDescriptor;
      for (int i = 0; i < buffers.length; i++) {
        int number = nextDescriptor;
        nextDescriptor = (nextDescriptor + 1) % size;
        boolean last = i == buffers.length - 1;
        int flags = (last ? 0 : 1) | (buffers[i].write ? 2 : 0);
        descriptor(
            descriptors, number, buffers[i].address, buffers[i].length, flags, nextDescriptor);
      }
      return head;
    }

    /** As {@link #chain}, in a table of its own. */
    int indirect(Buffer... buffers) {
      long table = allocate(16 * buffers.length);
      for (int i = 0; i < buffers.length; i++) {
        boolean last = i == buffers.length - 1;
        int flags = (last ? 0 : 1) | (buffers[i].write ? 2 : 0);
        descriptor(table, i, buffers[i].address, buffers[i].length, flags, i + 1);
      }
      int head = nextDescriptor;
      nextDescriptor = (nextDescriptor + 1) % size;
      descriptor(descriptors, head, table, 16 * buffers.length, 4, 0);
      return head;
    }

    /** Makes a chain available without a word. */
    void offer(int head) {
      write16(available + 4 + 2L * (availableIndex % size), head);
      availableIndex = (availableIndex + 1) & 0xffff;
      write16(available + 2, availableIndex);
    }

    void kick() {
      regs.write32(QUEUE_NOTIFY, index);
    }

    /** Makes a chain available, notifies, and lets the device do its work. */
    void run(int head) {
      offer(head);
      kick();
      settle();
    }

    void settle() {
      try {
        bench.awaitPosts();
      } catch (InterruptedException e) {
        throw new IllegalStateException(e);
      }
    }

    /** What was given back since the last time. */
    List<Used> used() {
      int now = read16(used + 2);
      var out = new ArrayList<Used>();
      while (seen != now) {
        byte[] e = read(used + 4 + 8L * (seen % size), 8);
        var b = java.nio.ByteBuffer.wrap(e).order(java.nio.ByteOrder.LITTLE_ENDIAN);
        out.add(new Used(b.getInt(0), b.getInt(4)));
        seen = (seen + 1) & 0xffff;
      }
      return out;
    }
  }
}
