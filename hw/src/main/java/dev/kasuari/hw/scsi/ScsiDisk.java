package dev.kasuari.hw.scsi;

import dev.kasuari.hw.block.DiskErrors;
import dev.kasuari.machine.Wiring;
import dev.kasuari.machine.backend.BlockBackend;
import dev.kasuari.machine.memory.DmaFault;
import java.nio.ByteBuffer;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * What disks and discs have in common: blocks that are read, a medium, parameters. Sources: SBC-3;
 * SPC-4.
 *
 * @param <P> properties
 */
public abstract class ScsiDisk<P> extends ScsiDevice<P> implements ModePages.Unit {
  private static final int DPO_FUA = 0x10;
  private static final int WRITE_PROTECTED = 0x80;
  private static final int READ_CAPACITY_16 = 0x10;

  private @Nullable DiskSettings settings;
  private @Nullable DiskIo io;

  ScsiDisk() {}

  /** Its properties, as far as others have them too. */
  abstract DiskSettings settings(P props);

  /** What only such units are asked; false if it is not there. */
  abstract boolean performOwn(ScsiTask task) throws ScsiFailure, DmaFault;

  /** True if software may ask for writes that end on the medium. */
  abstract boolean dpofua();

  // Life.

  @Override
  protected void realize(Wiring w) {
    settings = settings(props());
    settings.check(type().name());
    BlockBackend drive = settings.drive();
    if (drive == null) {
      return;
    }
    var errors =
        new DiskErrors(w, bus().machine(), id(), drive, settings.ofReads(), settings.ofWrites());
    io = new DiskIo(drive, errors, settings.logicalBlockSize(), this::again);
    drive.onResize(() -> w.post(() -> sizeChanged()));
  }

  private void sizeChanged() {
    attention(Sense.CAPACITY_CHANGED);
    scsi().changed(this, Sense.CAPACITY_CHANGED);
  }

  private void again(ScsiTask task) {
    scsi().call(() -> DiskIo.guarded(task, () -> perform(task)));
  }

  @Override
  void forget() {
    if (io != null) {
      io.forget();
    }
  }

  @Override
  protected void onReset(State before) {
    super.onReset(before);
    state().writeCache = settings().writeCache();
  }

  final DiskSettings settings() {
    return Objects.requireNonNull(settings, "realized");
  }

  @Override
  ScsiPlace place() {
    return settings().place();
  }

  @Override
  Identity identity() {
    return settings().identity();
  }

  // The medium.

  /** The medium, or null. */
  final @Nullable DiskIo medium() {
    return state().open ? null : io;
  }

  final DiskIo io() throws ScsiFailure {
    DiskIo present = medium();
    if (present == null) {
      throw ScsiFailure.of(Sense.NO_MEDIUM);
    }
    return present;
  }

  /** Opens or closes the drive. */
  private void move(boolean open) {
    State s = state();
    if (s.open != open) {
      s.open = open;
      s.mediaEvent = open || io == null ? Disc.REMOVED : Disc.NEW_MEDIA;
      if (!open && io != null) {
        attention(Sense.MEDIUM_CHANGED);
      }
    }
  }

  /** SBC-3, 5.25; MMC-6, 6.42. Disks that are fixed have nothing to start or stop. */
  private void startStop(ScsiTask task) throws ScsiFailure {
    Cdb cdb = task.cdb();
    boolean start = cdb.bit(4, 1);
    boolean eject = cdb.bit(4, 2);
    if ((cdb.u8(4) & 0xf0) == 0 && eject && identity().removable()) {
      if (!start && state().locked && !state().open) {
        throw ScsiFailure.of(
            medium() == null ? Sense.NOT_READY_REMOVAL_PREVENTED : Sense.REMOVAL_PREVENTED);
      }
      move(!start);
    }
    task.good();
  }

  // Commands.

  @Override
  final void perform(ScsiTask task) throws ScsiFailure, DmaFault {
    Cdb cdb = task.cdb();
    switch (cdb.opcode()) {
      case Opcode.TEST_UNIT_READY -> {
        io();
        task.good();
      }
      case Opcode.MODE_SENSE_6, Opcode.MODE_SENSE_10 -> ModePages.sense(task, this);
      case Opcode.MODE_SELECT_6, Opcode.MODE_SELECT_10 -> ModePages.select(task, this);
      case Opcode.START_STOP_UNIT -> startStop(task);
      case Opcode.PREVENT_ALLOW_MEDIUM_REMOVAL -> {
        state().locked = cdb.bit(4, 1);
        task.good();
      }
      case Opcode.READ_CAPACITY_10 -> readCapacity10(task);
      case Opcode.SERVICE_ACTION_IN_16 -> {
        if ((cdb.u8(1) & 0x1f) != READ_CAPACITY_16) {
          throw ScsiFailure.of(Sense.INVALID_FIELD);
        }
        readCapacity16(task);
      }
      case Opcode.READ_6, Opcode.READ_10, Opcode.READ_12, Opcode.READ_16 -> {
        noProtection(cdb);
        io().read(task, cdb.lba(), cdb.blocks());
      }
      case Opcode.SEEK_10 -> {
        io().checkRange(cdb.lba(), 1);
        task.good();
      }
      case Opcode.SYNCHRONIZE_CACHE_10, Opcode.SYNCHRONIZE_CACHE_16 -> io().flush(task);
      default -> {
        if (!performOwn(task)) {
          throw ScsiFailure.of(Sense.INVALID_OPCODE);
        }
      }
    }
  }

  /** There is no information beside the blocks that protects them. */
  static void noProtection(Cdb cdb) throws ScsiFailure {
    if (cdb.length() != 6 && (cdb.u8(1) & 0xe0) != 0) {
      throw ScsiFailure.of(Sense.INVALID_FIELD);
    }
  }

  private void readCapacity10(ScsiTask task) throws ScsiFailure, DmaFault {
    long last = io().blocks() - 1;
    if (last < 0) {
      throw ScsiFailure.of(Sense.NO_MEDIUM);
    }
    Cdb cdb = task.cdb();
    if (!cdb.bit(8, 1) && cdb.u32(2) != 0) {
      throw ScsiFailure.of(Sense.INVALID_FIELD);
    }
    int shown = (int) Math.min(last, 0xffff_ffffL); // all ones: ask for 16 bytes
    byte[] data =
        ByteBuffer.allocate(8).putInt(shown).putInt(settings().logicalBlockSize()).array();
    task.answer(data, data.length);
  }

  private void readCapacity16(ScsiTask task) throws ScsiFailure, DmaFault {
    long last = io().blocks() - 1;
    if (last < 0) {
      throw ScsiFailure.of(Sense.NO_MEDIUM);
    }
    Cdb cdb = task.cdb();
    if (!cdb.bit(14, 1) && cdb.u64(2) != 0) {
      throw ScsiFailure.of(Sense.INVALID_FIELD);
    }
    ByteBuffer data = ByteBuffer.allocate(32);
    data.putLong(last).putInt(settings().logicalBlockSize()).put((byte) 0);
    data.put((byte) physicalExponent());
    data.put((byte) (unmaps() ? 0x80 : 0)); // LBPME
    task.answer(data.array(), cdb.u32(10));
  }

  final int physicalExponent() {
    DiskSettings s = settings();
    return Integer.numberOfTrailingZeros(s.physicalBlockSize() / s.logicalBlockSize());
  }

  /** True if blocks can be given back. */
  boolean unmaps() {
    return false;
  }

  // Parameters.

  @Override
  public int deviceSpecific() {
    DiskIo present = medium();
    return (dpofua() ? DPO_FUA : 0) | (present != null && present.readOnly() ? WRITE_PROTECTED : 0);
  }

  @Override
  public void setWriteCache(boolean on) {
    state().writeCache = on;
  }

  /** The page that says whether there is a cache, and how errors are met. */
  final Map<Integer, byte[]> commonPages() {
    byte[] caching = new byte[18];
    caching[0] = (byte) (state().writeCache ? ModePages.WCE : 0);
    byte[] recovery = new byte[10];
    recovery[0] = (byte) 0x80; // AWRE
    var pages = new TreeMap<Integer, byte[]>();
    pages.put(ModePages.CACHING, caching);
    pages.put(0x01, recovery);
    return pages;
  }
}
