package dev.kasuari.hw.nvram;

import dev.kasuari.machine.Device;
import dev.kasuari.machine.DeviceModel;
import dev.kasuari.machine.HardwareNode;
import dev.kasuari.machine.SysBus;
import dev.kasuari.machine.Wiring;
import dev.kasuari.machine.backend.BlockBackend;
import dev.kasuari.machine.memory.AccessSizes;
import dev.kasuari.machine.memory.BusAccess;
import dev.kasuari.machine.memory.MemoryRegion;
import dev.kasuari.machine.memory.MmioHandler;
import dev.kasuari.machine.memory.RamBlock;
import dev.kasuari.qapi.OptionException;
import dev.kasuari.qapi.Options;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A bank of parallel flash with Intel's command set: one or more equal chips side by side on the
 * bus, each with every n-th part of a word. Source: JESD68.01 "Common Flash Interface"; Intel
 * StrataFlash Memory (J3) data sheet, 290667. See {@link FlashChip} for the commands.
 *
 * <p>A write that carries bytes of some chips only is a command to all of them, and data for those:
 * U-Boot takes two chips side by side for one that has a word in every second, erases it, and then
 * writes all bytes, which works with QEMU 10.
 *
 * <p>Without a drive the bank is full of zeroes, which a real chip never is until it was written:
 * so it takes no memory of the host's.
 */
@DeviceModel(name = "cfi.pflash01", bus = SysBus.class)
public final class CfiFlash extends Device<CfiFlash.Props, CfiFlash.State> {
  private static final int MAX_CHIPS = 4;
  private static final ValueLayout.OfShort SHORT =
      ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(java.nio.ByteOrder.LITTLE_ENDIAN);
  private static final ValueLayout.OfInt INT =
      ValueLayout.JAVA_INT_UNALIGNED.withOrder(java.nio.ByteOrder.LITTLE_ENDIAN);

  /**
   * What can be chosen.
   *
   * @param drive where the bytes come from, and go to unless it is read-only; it is as large as the
   *     bank
   * @param sectorLength of a block of all chips together
   * @param numBlocks of the bank
   * @param width of the bus, bytes: 1, 2 or 4
   * @param deviceWidth of a chip, bytes: 1, 2 or 4
   * @param manufacturer code that the chips identify themselves with
   * @param device code that the chips identify themselves with
   */
  public record Props(
      @Nullable BlockBackend drive,
      @Options.Size @Options.Default("256K") long sectorLength,
      @Options.Default("256") @Options.Range(min = 1, max = 65536) int numBlocks,
      @Options.Default("4") @Options.Range(min = 1, max = 4) int width,
      @Options.Default("2") @Options.Range(min = 1, max = 4) int deviceWidth,
      @Options.Default("0x89") @Options.Range(min = 0, max = 0xff) int manufacturer,
      @Options.Default("0x18") @Options.Range(min = 0, max = 0xff) int device) {}

  /** What changes. */
  public static final class State {
    final FlashChip.State[] chips = {
      new FlashChip.State(), new FlashChip.State(), new FlashChip.State(), new FlashChip.State()
    };

    /** A bit for each block of each chip that is locked. Kept without power. */
    int[] locked = {};
  }

  private final List<CfiFlash> following = new ArrayList<>();
  private boolean follows;
  private MemoryRegion.RomDevice region;
  private RamBlock memory;
  private int chips;
  private byte[] query = {};
  private @Nullable WriteBack writeBack;

  private static final int USUAL_BLOCK = 256 << 10;

  /**
   * Two chips of 16 bits on a bus of 32 with blocks of 256 KiB, as on {@code virt}.
   *
   * @param size bytes, a multiple of 256 KiB
   */
  public static CfiFlash of(@Nullable BlockBackend drive, long size) {
    int blocks = (int) (size / USUAL_BLOCK);
    return CfiFlashType.TYPE.create(new Props(drive, USUAL_BLOCK, blocks, 4, 2, 0x89, 0x18));
  }

  /** Where the bytes come from, or null. */
  public @Nullable BlockBackend drive() {
    return props().drive();
  }

  /** The bank's bytes, into which a loader may put firmware. */
  public RamBlock memory() {
    return memory;
  }

  /** Describes {@code next} in the node of this bank, as one memory of several. */
  public CfiFlash followedBy(CfiFlash next) {
    following.add(next);
    next.follows = true;
    return this;
  }

  @Override
  protected void realize(Wiring w) {
    check();
    chips = props().width() / props().deviceWidth();
    query = FlashQuery.of(props(), chips);
    memory = w.ram("flash", size());
    region = w.romDevice("flash", memory, new Chips());
    BlockBackend drive = props().drive();
    if (drive != null) {
      var back = new WriteBack(id(), drive, memory, w);
      back.load();
      writeBack = drive.readOnly() ? null : back;
    }
    fit();
  }

  private long size() {
    return props().sectorLength() * props().numBlocks();
  }

  private void check() {
    int width = props().width();
    int chip = props().deviceWidth();
    if (Integer.bitCount(width) != 1 || Integer.bitCount(chip) != 1 || chip > width) {
      throw new OptionException(
          "%s: width=%d,device-width=%d: each is 1, 2 or 4, and chips are no wider than the bus"
              .formatted(id(), width, chip));
    }
    long least = 256L * width / chip;
    if (Long.bitCount(props().sectorLength()) != 1
        || props().sectorLength() < least
        || size() % 4096 != 0) {
      throw new OptionException(
          "%s: sector-length=%d: give a power of two, at least %d, and 4 KiB or more in all"
              .formatted(id(), props().sectorLength(), least));
    }
    BlockBackend drive = props().drive();
    if (drive != null && drive.size() != size()) {
      throw new OptionException(
          "%s: drive=%s: device requires %d bytes, block backend provides %d bytes: make the image as large (truncate -s %d)"
              .formatted(id(), drive.id(), size(), drive.size(), size()));
    }
  }

  private FlashChip chip(int number) {
    return new FlashChip(state().chips[number], new Lanes(number));
  }

  private void changed(long offset, long length) {
    memory.dirty().written(offset, length);
    if (writeBack != null) {
      writeBack.changed(offset, length);
    }
  }

  /** The words of a chip: {@code deviceWidth} bytes in every {@code width}. */
  private final class Lanes implements FlashChip.Array {
    private final int chip;

    Lanes(int chip) {
      this.chip = chip;
    }

    private long offset(long word) {
      return word * props().width() + (long) chip * props().deviceWidth();
    }

    private int block(long word) {
      return (int) (word * props().width() / props().sectorLength());
    }

    @Override
    public long blockOf(long word) {
      return word & -(props().sectorLength() / props().width());
    }

    @Override
    public boolean locked(long word) {
      BlockBackend drive = props().drive();
      int bit = block(word) * MAX_CHIPS + chip;
      return (drive != null && drive.readOnly()) || (state().locked[bit / 32] & (1 << bit)) != 0;
    }

    @Override
    public void lock(long word, boolean on) {
      int bit = block(word) * MAX_CHIPS + chip;
      int mask = 1 << bit;
      int others = state().locked[bit / 32] & ~mask;
      state().locked[bit / 32] = on ? others | mask : others;
    }

    @Override
    public void program(long word, int value) {
      long offset = offset(word);
      store(offset, (int) load(offset, props().deviceWidth()) & value);
      changed(offset, props().deviceWidth());
    }

    @Override
    public void erase(long word) {
      long words = props().sectorLength() / props().width();
      long first = word & -words;
      for (long w = first; w < first + words; w++) {
        store(offset(w), -1);
      }
      changed(first * props().width(), props().sectorLength());
    }

    @Override
    public int read(long word) {
      return (int) load(offset(word), props().deviceWidth());
    }

    @Override
    public int query(int index) {
      return index < query.length ? query[index] & 0xff : 0;
    }

    @Override
    public int identity(int index) {
      return index == 0 ? props().manufacturer() : props().device();
    }

    private void store(long offset, int value) {
      MemorySegment bytes = memory.segment();
      switch (props().deviceWidth()) {
        case 1 -> bytes.set(ValueLayout.JAVA_BYTE, offset, (byte) value);
        case 2 -> bytes.set(SHORT, offset, (short) value);
        default -> bytes.set(INT, offset, value);
      }
    }
  }

  private long load(long offset, int size) {
    MemorySegment bytes = memory.segment();
    return switch (size) {
      case 1 -> Byte.toUnsignedLong(bytes.get(ValueLayout.JAVA_BYTE, offset));
      case 2 -> Short.toUnsignedLong(bytes.get(SHORT, offset));
      default -> Integer.toUnsignedLong(bytes.get(INT, offset));
    };
  }

  /** Accesses, each to all chips whose bytes it carries. */
  private final class Chips implements MmioHandler {
    @Override
    public AccessSizes sizes() {
      return AccessSizes.of(1, 8).implemented(props().deviceWidth(), props().width());
    }

    @Override
    public long read(long offset, int size, BusAccess access) {
      return look(offset, size);
    }

    @Override
    public long peek(long offset, int size) {
      long value = 0;
      for (int i = 0; i < size; i++) {
        value |= load(offset + i, 1) << (8 * i);
      }
      return value;
    }

    private long look(long offset, int size) {
      int width = props().deviceWidth();
      long value = 0;
      for (int i = 0; i < size; i += width) {
        long part = chip(chipAt(offset + i)).read(offset / props().width());
        value |= (part & (-1L >>> (64 - 8 * width))) << (8 * i);
      }
      return value;
    }

    @Override
    public void write(long offset, int size, long value, BusAccess access) {
      int width = props().deviceWidth();
      int first = chipAt(offset);
      for (int i = 0; i < chips; i++) {
        FlashChip chip = chip(i);
        int shift = 8 * width * (i - first);
        boolean carried = shift >= 0 && shift < 8 * size;
        int part = (int) ((carried ? value >>> shift : value) & (-1L >>> (64 - 8 * width)));
        // Bits above the word are ones, as in the write buffer what does not change.
        int word = width == 4 ? part : part | (-1 << (8 * width));
        chip.write(offset / props().width(), carried || !chip.expectsData() ? word : -1);
      }
    }

    /** A narrow write leaves its neighbours alone: ones program nothing. */
    @Override
    public long lanes(long offset, int size) {
      return -1;
    }

    private int chipAt(long offset) {
      return (int) (offset % props().width()) / props().deviceWidth();
    }
  }

  /** While no chip answers anything but its contents, reads are the memory's. */
  @Override
  protected void outputs() {
    boolean readable = true;
    for (int i = 0; i < chips; i++) {
      readable &= state().chips[i].reading == FlashChip.Reading.ARRAY;
    }
    region.setReadable(readable);
  }

  @Override
  protected int inFlight() {
    return writeBack == null ? 0 : writeBack.underWay();
  }

  @Override
  protected void onReset(State before) {
    state().locked = before.locked;
    fit();
  }

  @Override
  protected void onRestore() {
    fit();
  }

  private void fit() {
    state().locked = Arrays.copyOf(state().locked, props().numBlocks() * MAX_CHIPS / 32 + 1);
    for (FlashChip.State chip : state().chips) {
      chip.at = Math.floorMod(chip.at, size() / props().width());
    }
  }

  @Override
  public void describe(HardwareNode n) {
    if (follows) {
      return;
    }
    var banks = new ArrayList<HardwareNode.Range>();
    banks.add(new HardwareNode.Range(region.absoluteAddress(), region.size()));
    following.forEach(
        f -> banks.add(new HardwareNode.Range(f.region.absoluteAddress(), f.region.size())));
    n.named("flash")
        .compatible("cfi-flash")
        .reg(banks.toArray(HardwareNode.Range[]::new))
        .u32("bank-width", props().width());
  }
}
