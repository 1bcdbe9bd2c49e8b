package dev.kasuari.hw.scsi;

import dev.kasuari.machine.memory.DmaFault;
import java.nio.ByteBuffer;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * What only a drive of discs is asked. The disc has one session with one track of data. Source:
 * MMC-6, clause 6.
 */
final class Disc {
  /** Media events (6.5.3). */
  static final int NEW_MEDIA = 2;

  static final int REMOVED = 3;

  private static final int MEDIA_CLASS = 4;
  private static final int PROFILE_DVD_ROM = 0x10;
  private static final int PROFILE_CD_ROM = 0x08;

  /** Blocks of a disc of 80 minutes, the longest there is; what has more is a DVD. */
  private static final long MOST_CD_BLOCKS = 80 * 60 * 75;

  private static final int DATA_TRACK = 0x14; // position in Q, a data track that may not be copied
  private static final int LEAD_OUT = 0xaa;
  private static final int FRAMES_BEFORE = 150; // the first two seconds have no address

  /** Sectors of a track of data for READ CD, and which of their bytes are wanted. */
  private static final int MODE_1 = 2;

  private static final int USER_DATA = 0x10;

  private final ScsiTask task;
  private final Cdb cdb;
  private final ScsiDevice.State state;
  private final @Nullable DiskIo medium;

  Disc(ScsiTask task, ScsiDevice.State state, @Nullable DiskIo medium) {
    this.task = task;
    cdb = task.cdb();
    this.state = state;
    this.medium = medium;
  }

  private DiskIo medium() throws ScsiFailure {
    if (medium == null) {
      throw ScsiFailure.of(Sense.NO_MEDIUM);
    }
    return medium;
  }

  private long blocks() throws ScsiFailure {
    return medium().blocks();
  }

  /** Does it; false if there is no such command. */
  boolean perform() throws ScsiFailure, DmaFault {
    switch (cdb.opcode()) {
      case Opcode.READ_TOC -> contents();
      case Opcode.GET_CONFIGURATION -> configuration();
      case Opcode.GET_EVENT_STATUS_NOTIFICATION -> event();
      case Opcode.READ_DISC_INFORMATION -> information();
      case Opcode.MECHANISM_STATUS -> task.answer(mechanism(), cdb.u16(8));
      case Opcode.SET_CD_SPEED -> task.good();
      case Opcode.READ_DVD_STRUCTURE -> structure();
      case Opcode.READ_CD -> read();
      default -> {
        return false;
      }
    }
    return true;
  }

  /** 6.24; the format is in one of two places. */
  private void contents() throws ScsiFailure, DmaFault {
    long end = blocks();
    boolean msf = cdb.bit(1, 2);
    int format = (cdb.u8(2) & 0xf) == 0 ? cdb.u8(9) >> 6 : cdb.u8(2) & 0xf;
    int first = cdb.u8(6);
    ByteBuffer out = ByteBuffer.allocate(64);
    switch (format) {
      case 0 -> {
        if (first > 1 && first != LEAD_OUT) {
          throw ScsiFailure.of(Sense.INVALID_FIELD);
        }
        out.putShort((short) 0).put((byte) 1).put((byte) 1); // first and last track
        if (first <= 1) {
          out.put((byte) 0).put((byte) DATA_TRACK).put((byte) 1).put((byte) 0);
          out.putInt(address(0, msf));
        }
        out.put((byte) 0).put((byte) DATA_TRACK).put((byte) LEAD_OUT).put((byte) 0);
        out.putInt(address(end, msf));
      }
      case 1 -> { // where the last session begins
        out.putShort((short) 0).put((byte) 1).put((byte) 1);
        out.put((byte) 0).put((byte) DATA_TRACK).put((byte) 1).put((byte) 0);
        out.putInt(address(0, msf));
      }
      case 2 -> { // what is in the lead-in
        out.putShort((short) 0).put((byte) 1).put((byte) 1);
        point(out, 0xa0, 1 << 16);
        point(out, 0xa1, 1 << 16);
        point(out, 0xa2, address(end, true));
        point(out, 1, address(0, true));
      }
      default -> throw ScsiFailure.of(Sense.INVALID_FIELD);
    }
    out.putShort(0, (short) (out.position() - 2));
    task.answer(Arrays.copyOf(out.array(), out.position()), cdb.u16(7));
  }

  private static void point(ByteBuffer out, int point, int place) {
    out.put((byte) 1).put((byte) DATA_TRACK).put((byte) 0).put((byte) point);
    out.put((byte) 0).put((byte) 0).put((byte) 0).putInt(place);
  }

  /** A number of a block, or minutes, seconds and frames in three bytes. */
  private static int address(long block, boolean msf) {
    if (!msf) {
      return (int) block;
    }
    long frames = block + FRAMES_BEFORE;
    long minutes = frames / (75 * 60);
    long seconds = frames / 75 % 60;
    return (int) ((minutes << 16) | (seconds << 8) | (frames % 75));
  }

  /** 6.5 with the features of 5.3: profiles, core, removable medium. */
  private void configuration() throws ScsiFailure, DmaFault {
    long blocks = medium == null ? 0 : medium.blocks();
    int current = medium == null ? 0 : blocks > MOST_CD_BLOCKS ? PROFILE_DVD_ROM : PROFILE_CD_ROM;
    ByteBuffer out = ByteBuffer.allocate(64);
    out.putInt(0).putShort((short) 0).putShort((short) current);
    feature(out, 0, 3, 8);
    profile(out, PROFILE_DVD_ROM, current);
    profile(out, PROFILE_CD_ROM, current);
    feature(out, 1, 0xb, 8);
    out.putInt(1).putInt(1 << 24); // SCSI; events of the medium's changes
    feature(out, 3, 3, 4);
    out.putInt(0x2900_0000); // a tray, which opens on demand and can be locked
    out.putInt(0, out.position() - 4);
    task.answer(Arrays.copyOf(out.array(), out.position()), cdb.u16(7));
  }

  /**
   * Begins a feature.
   *
   * @param flags version, persistent, current
   */
  private static void feature(ByteBuffer out, int code, int flags, int length) {
    out.putShort((short) code).put((byte) flags).put((byte) length);
  }

  private static void profile(ByteBuffer out, int profile, int current) {
    out.putShort((short) profile).put((byte) (profile == current ? 1 : 0)).put((byte) 0);
  }

  /** 6.6: only by polling. */
  private void event() throws ScsiFailure, DmaFault {
    if (!cdb.bit(1, 1)) {
      throw ScsiFailure.of(Sense.INVALID_FIELD);
    }
    ByteBuffer out = ByteBuffer.allocate(8);
    if (cdb.bit(4, 1 << MEDIA_CLASS)) {
      out.putShort((short) 6).put((byte) MEDIA_CLASS).put((byte) (1 << MEDIA_CLASS));
      out.put((byte) state.mediaEvent).put((byte) status());
      out.position(8);
      state.mediaEvent = 0;
    } else {
      out.putShort((short) 2).put((byte) 0x80).put((byte) (1 << MEDIA_CLASS));
    }
    task.answer(Arrays.copyOf(out.array(), out.position()), cdb.u16(7));
  }

  /** Tray open, medium present. */
  private int status() {
    return (state.open ? 1 : 0) | (medium != null ? 2 : 0);
  }

  /** 6.22.3.1. */
  private void information() throws ScsiFailure, DmaFault {
    blocks();
    if ((cdb.u8(1) & 7) != 0) {
      throw ScsiFailure.of(Sense.INVALID_FIELD);
    }
    byte[] data = new byte[34];
    data[1] = 32;
    data[2] = 0x0e; // complete, as is its last session
    data[3] = 1;
    data[4] = 1;
    data[5] = 1;
    data[6] = 1;
    data[7] = 0x20; // for any use
    task.answer(data, cdb.u16(7));
  }

  /** READ DISC STRUCTURE, of DVDs. */
  private void structure() throws ScsiFailure, DmaFault {
    long blocks = blocks();
    if ((cdb.u8(1) & 0xf) != 0 || cdb.u8(6) != 0) { // another kind of disc, or layer
      throw ScsiFailure.of(Sense.INVALID_FIELD);
    }
    if (blocks <= MOST_CD_BLOCKS) {
      throw ScsiFailure.of(Sense.INCOMPATIBLE_MEDIUM);
    }
    task.answer(DvdStructure.of(cdb.u8(7), blocks), cdb.u16(8));
  }

  /** READ CD, of the bytes that a sector has for users; a medium here has no others. */
  private void read() throws ScsiFailure, DmaFault {
    int type = cdb.u8(1) >> 2 & 7;
    boolean data = type == 0 || type == MODE_1;
    boolean nothing = cdb.u8(9) == 0 && cdb.u8(10) == 0;
    if (!data || (!nothing && (cdb.u8(9) != USER_DATA || cdb.u8(10) != 0))) {
      throw ScsiFailure.of(Sense.INVALID_FIELD);
    }
    medium().read(task, cdb.u32(2), nothing ? 0 : cdb.u24(6));
  }

  /** 6.9: no changer. */
  private byte[] mechanism() {
    byte[] data = new byte[8];
    data[1] = (byte) (state.open ? 0x10 : 0);
    data[5] = 1;
    return data;
  }
}
