package dev.kasuari.hw.nvram;

import dev.kasuari.machine.Device;
import dev.kasuari.machine.DeviceModel;
import dev.kasuari.machine.HardwareNode;
import dev.kasuari.machine.Log;
import dev.kasuari.machine.LogCategory;
import dev.kasuari.machine.Registers;
import dev.kasuari.machine.SysBus;
import dev.kasuari.machine.Wiring;
import dev.kasuari.machine.memory.BusAccess;
import dev.kasuari.machine.memory.Dma;
import dev.kasuari.machine.memory.DmaFault;
import dev.kasuari.machine.memory.MmioHandler;
import dev.kasuari.qapi.Options;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * What firmware is told by its machine: numbered items, and files by name. Source: QEMU, "QEMU
 * Firmware Configuration (fw_cfg) Device" (specs/fw_cfg), the memory-mapped interface.
 *
 * <p>Boards and loaders give items and files before the machine runs; they are no state, as whoever
 * makes the same machine gives the same. Only what the guest has written to a file is.
 */
@DeviceModel(name = "fw_cfg_mem", bus = SysBus.class)
public final class FwCfg extends Device<FwCfg.Props, FwCfg.State> {
  /** Items with numbers of their own. Those of boot loaders that no board here has are left out. */
  public enum Item {
    /** {@code QEMU}. */
    SIGNATURE(0x00),
    /** Which interfaces there are. */
    ID(0x01),
    /** Of the machine, 16 bytes. */
    UUID(0x02),
    /** Bytes of memory, 64 bits. */
    RAM_SIZE(0x03),
    /** 1 if there is no display, 16 bits. */
    NOGRAPHIC(0x04),
    /** CPUs, 16 bits. */
    NB_CPUS(0x05),
    /** Address of the kernel, 32 bits; as all that follow. */
    KERNEL_ADDR(0x07),
    /** Bytes of the kernel. */
    KERNEL_SIZE(0x08),
    /** Address of the initial RAM disk. */
    INITRD_ADDR(0x0a),
    /** Bytes of the initial RAM disk. */
    INITRD_SIZE(0x0b),
    /** 1 if the user is to choose what to boot, 16 bits. */
    BOOT_MENU(0x0e),
    /** CPUs that there may be at most, 16 bits. */
    MAX_CPUS(0x0f),
    /** Where the kernel begins, 32 bits. */
    KERNEL_ENTRY(0x10),
    /** The kernel itself. */
    KERNEL_DATA(0x11),
    /** The initial RAM disk itself. */
    INITRD_DATA(0x12),
    /** Address of the kernel's command line, 32 bits. */
    CMDLINE_ADDR(0x13),
    /** Bytes of the command line with the zero at its end, 32 bits. */
    CMDLINE_SIZE(0x14),
    /** The command line, with a zero at its end. */
    CMDLINE_DATA(0x15),
    /** The directory of files. */
    FILE_DIR(0x19);

    private final int key;

    Item(int key) {
      this.key = key;
    }

    /** What the guest selects. */
    public int key() {
      return key;
    }
  }

  /**
   * What can be chosen.
   *
   * @param dma whether the guest may let the device copy
   */
  public record Props(@Options.Name("dma_enabled") @Options.Default("on") boolean dma) {}

  /** What changes. */
  public static final class State {
    int key;
    long offset;
    long dmaAddress;
    final List<Written> written = new ArrayList<>();
  }

  /** A file as the guest has written it. */
  public static final class Written {
    int key;
    byte[] bytes = {};
  }

  /** Names of files have fewer bytes than this. */
  public static final int NAME_BYTES = 56;

  private static final int FIRST_FILE = 0x20;
  private static final int MOST_FILES = 0x1000;
  private static final int DIRECTORY_ENTRY = 64;
  private static final int WRITE_MODE = 0x4000; // selected to write once, before there was DMA

  // The descriptor of a copy: control, length, address; big-endian.
  private static final int DESCRIPTOR = 16;
  private static final int ERROR = 0x01;
  private static final int READ = 0x02;
  private static final int SKIP = 0x04;
  private static final int SELECT = 0x08;
  private static final int WRITE = 0x10;
  private static final int CHUNK = 1 << 16;
  private static final long DMA_SIGNATURE = 0x51454d5520434647L; // QEMU CFG

  private record File(Supplier<byte[]> bytes, boolean writable) {}

  private final Map<Integer, byte[]> items = new TreeMap<>();
  private final Map<String, File> files = new TreeMap<>();

  /** The bytes of the selected item, or null where they are still to be made. */
  private byte @Nullable [] selected;

  private Dma memory;
  private Log log;

  /** With DMA, and nothing to tell but its signature and directory. */
  public static FwCfg of() {
    return FwCfgType.TYPE.create(new Props(true));
  }

  /** Gives an item. */
  public FwCfg set(Item item, byte[] bytes) {
    items.put(item.key(), bytes.clone());
    return this;
  }

  /** Gives an item of 16 bits. */
  public FwCfg set16(Item item, int value) {
    return set(item, little(2).putShort((short) value).array());
  }

  /** Gives an item of 32 bits. */
  public FwCfg set32(Item item, int value) {
    return set(item, little(4).putInt(value).array());
  }

  /** Gives an item of 64 bits. */
  public FwCfg set64(Item item, long value) {
    return set(item, little(8).putLong(value).array());
  }

  private static ByteBuffer little(int size) {
    return ByteBuffer.allocate(size).order(ByteOrder.LITTLE_ENDIAN);
  }

  /**
   * Gives a file.
   *
   * @throws IllegalArgumentException if the name is too long, or there are too many files
   */
  public FwCfg file(String name, byte[] bytes) {
    byte[] copy = bytes.clone();
    return file(name, new File(() -> copy, false));
  }

  /** Gives a file whose bytes are made each time that the guest selects it. */
  public FwCfg file(String name, Supplier<byte[]> bytes) {
    return file(name, new File(bytes, false));
  }

  /** Gives a file that the guest may write, with what it has first and after a reset. */
  public FwCfg writableFile(String name, byte[] bytes) {
    byte[] copy = bytes.clone();
    return file(name, new File(() -> copy, true));
  }

  private FwCfg file(String name, File file) {
    if (name.getBytes(StandardCharsets.UTF_8).length >= NAME_BYTES) {
      throw new IllegalArgumentException("fw_cfg file " + name + ": the name has no room");
    }
    if (files.size() >= MOST_FILES) {
      throw new IllegalArgumentException("fw_cfg file " + name + ": too many files");
    }
    files.put(name, file);
    return this;
  }

  /** The bytes that the guest has written to a file, or those given first; null if it is not. */
  public byte @Nullable [] contents(String name) {
    int index = List.copyOf(files.keySet()).indexOf(name);
    return index < 0 ? null : bytesOf(FIRST_FILE + index).clone();
  }

  @Override
  protected void realize(Wiring w) {
    memory = w.dma();
    log = w.log();
    set(Item.SIGNATURE, "QEMU".getBytes(StandardCharsets.US_ASCII));
    set32(Item.ID, props().dma() ? 3 : 1);
    Registers registers =
        Registers.width(2)
            .accepts(1, 8)
            .bigEndian()
            .window(0x00, 8, "DATA", new Data())
            .at(0x08, "SELECTOR")
            .doc("which item DATA gives, from its first byte on")
            .write(v -> select((int) v));
    if (props().dma()) {
      registers
          .at(0x10, "DMA_ADDRESS_HIGH")
          .wide(4)
          .doc("of the descriptor of a copy, upper half; reads as a signature")
          .read(() -> DMA_SIGNATURE >>> 32)
          .write(v -> state().dmaAddress = v << 32)
          .at(0x14, "DMA_ADDRESS_LOW")
          .wide(4)
          .doc("lower half; writing it begins the copy")
          .read(() -> DMA_SIGNATURE)
          .write(v -> copy(state().dmaAddress | v));
    }
    w.region("regs", props().dma() ? 0x18 : 0x10, registers);
  }

  private void select(int key) {
    state().key = key & ~WRITE_MODE;
    state().offset = 0;
    selected = null;
  }

  private byte[] selected() {
    byte[] bytes = selected;
    if (bytes == null) {
      bytes = bytesOf(state().key);
      selected = bytes;
    }
    return bytes;
  }

  private byte[] bytesOf(int key) {
    if (key == Item.FILE_DIR.key()) {
      return directory();
    }
    File file = fileOf(key);
    if (file == null) {
      return items.getOrDefault(key, new byte[0]);
    }
    for (Written written : state().written) {
      if (file.writable && written.key == key) {
        return written.bytes;
      }
    }
    return file.bytes.get();
  }

  /** Files have keys in the order of their names. */
  private @Nullable File fileOf(int key) {
    int index = key - FIRST_FILE;
    return index < 0 || index >= files.size() ? null : List.copyOf(files.values()).get(index);
  }

  private byte[] directory() {
    ByteBuffer out = ByteBuffer.allocate(4 + files.size() * DIRECTORY_ENTRY);
    out.putInt(files.size());
    int key = FIRST_FILE;
    for (String name : files.keySet()) {
      out.putInt(bytesOf(key).length).putShort((short) key).putShort((short) 0);
      out.put(Arrays.copyOf(name.getBytes(StandardCharsets.UTF_8), NAME_BYTES));
      key++;
    }
    return out.array();
  }

  private int next() {
    byte[] bytes = selected();
    long at = state().offset;
    if (at >= bytes.length) {
      return 0;
    }
    state().offset++;
    return bytes[(int) at] & 0xff;
  }

  /** The bytes of an item one after the other, in the order of addresses however wide the read. */
  private final class Data implements MmioHandler {
    @Override
    public long read(long offset, int size, BusAccess access) {
      long value = 0;
      for (int i = 0; i < size; i++) {
        value = (value << 8) | next();
      }
      return value;
    }

    /** Nothing is written this way any more. */
    @Override
    public void write(long offset, int size, long value, BusAccess access) {}
  }

  // Copies.

  private void copy(long descriptor) {
    state().dmaAddress = 0;
    try {
      ByteBuffer request = ByteBuffer.wrap(memory.read(descriptor, DESCRIPTOR));
      int control = request.getInt();
      long length = Integer.toUnsignedLong(request.getInt());
      boolean done = perform(control, length, request.getLong());
      byte[] answer = ByteBuffer.allocate(4).putInt(done ? 0 : ERROR).array();
      memory.write(descriptor, answer);
    } catch (DmaFault e) {
      log.write(
          LogCategory.GUEST_ERRORS,
          () -> "%s: descriptor at 0x%x: %s".formatted(id(), descriptor, e.getMessage()));
    }
  }

  private boolean perform(int control, long length, long address) {
    if ((control & SELECT) != 0) {
      select(control >>> 16);
    }
    try {
      if ((control & READ) != 0) {
        read(length, address);
      } else if ((control & WRITE) != 0) {
        return write(length, address);
      } else if ((control & SKIP) != 0) {
        state().offset += length;
      }
      return true;
    } catch (DmaFault e) {
      return false;
    }
  }

  /** Behind the end of an item there are zeroes. */
  private void read(long length, long address) throws DmaFault {
    byte[] bytes = selected();
    for (long done = 0; done < length; ) {
      int count = (int) Math.min(CHUNK, length - done);
      int from = (int) Math.min(state().offset, bytes.length);
      int there = Math.min(count, bytes.length - from);
      byte[] part = Arrays.copyOf(Arrays.copyOfRange(bytes, from, from + there), count);
      memory.write(address + done, part);
      state().offset += there;
      done += count;
    }
  }

  private boolean write(long length, long address) throws DmaFault {
    File file = fileOf(state().key);
    byte[] before = selected();
    long from = state().offset;
    if (file == null || !file.writable || from + length > before.length) {
      return false;
    }
    byte[] after = before.clone();
    byte[] part = memory.read(address, (int) length);
    System.arraycopy(part, 0, after, (int) from, part.length);
    state().offset += length;
    Written written = writtenOf(state().key);
    written.bytes = after;
    selected = after;
    return true;
  }

  private Written writtenOf(int key) {
    for (Written written : state().written) {
      if (written.key == key) {
        return written;
      }
    }
    var written = new Written();
    written.key = key;
    state().written.add(written);
    return written;
  }

  @Override
  protected void onReset(State before) {
    selected = null;
  }

  @Override
  protected void onRestore() {
    selected = null;
    state().offset = Math.max(0, state().offset);
    state().written.removeIf(w -> w.bytes.length != initialLength(w.key));
  }

  private int initialLength(int key) {
    File file = fileOf(key);
    return file == null ? -1 : file.bytes.get().length;
  }

  @Override
  public void describe(HardwareNode n) {
    n.named("fw-cfg").compatible("qemu,fw-cfg-mmio").reg();
    if (props().dma()) {
      n.flag("dma-coherent");
    }
  }
}
