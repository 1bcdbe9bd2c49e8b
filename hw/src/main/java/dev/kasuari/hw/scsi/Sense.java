package dev.kasuari.hw.scsi;

/**
 * Why a command was not done. Source: SPC-4, 4.5 "Sense data", and annex D for the codes.
 *
 * @param key what kind of reason
 * @param asc additional sense code
 * @param ascq its qualifier
 */
public record Sense(int key, int asc, int ascq) {
  private static final int NOT_READY = 2;
  private static final int HARDWARE_ERROR = 4;
  private static final int ILLEGAL_REQUEST = 5;
  private static final int UNIT_ATTENTION = 6;
  private static final int DATA_PROTECT = 7;
  private static final int ABORTED_COMMAND = 11;

  /** Nothing to say. */
  static final Sense NONE = new Sense(0, 0, 0);

  static final Sense NO_MEDIUM = new Sense(NOT_READY, 0x3a, 0);
  static final Sense NOT_READY_REMOVAL_PREVENTED = new Sense(NOT_READY, 0x53, 2);
  static final Sense INTERNAL_FAILURE = new Sense(HARDWARE_ERROR, 0x44, 0);
  static final Sense INVALID_OPCODE = new Sense(ILLEGAL_REQUEST, 0x20, 0);
  static final Sense LBA_OUT_OF_RANGE = new Sense(ILLEGAL_REQUEST, 0x21, 0);
  static final Sense INVALID_FIELD = new Sense(ILLEGAL_REQUEST, 0x24, 0);
  static final Sense NO_SUCH_UNIT = new Sense(ILLEGAL_REQUEST, 0x25, 0);
  static final Sense INVALID_PARAMETER = new Sense(ILLEGAL_REQUEST, 0x26, 0);
  static final Sense PARAMETER_LENGTH = new Sense(ILLEGAL_REQUEST, 0x1a, 0);
  static final Sense INCOMPATIBLE_MEDIUM = new Sense(ILLEGAL_REQUEST, 0x30, 0);
  static final Sense SAVING_NOT_SUPPORTED = new Sense(ILLEGAL_REQUEST, 0x39, 0);
  static final Sense REMOVAL_PREVENTED = new Sense(ILLEGAL_REQUEST, 0x53, 2);
  static final Sense WRITE_PROTECTED = new Sense(DATA_PROTECT, 0x27, 0);
  static final Sense NO_SPACE = new Sense(DATA_PROTECT, 0x27, 7);
  static final Sense IO_PROCESS_TERMINATED = new Sense(ABORTED_COMMAND, 0, 6);
  static final Sense MISCOMPARE = new Sense(14, 0x1d, 0);

  // Unit attentions.
  static final Sense RESET = new Sense(UNIT_ATTENTION, 0x29, 0);
  static final Sense MEDIUM_CHANGED = new Sense(UNIT_ATTENTION, 0x28, 0);

  /** The number of blocks is another than before. */
  public static final Sense CAPACITY_CHANGED = new Sense(UNIT_ATTENTION, 0x2a, 9);

  /** Logical units have come or gone. */
  static final Sense LUNS_CHANGED = new Sense(UNIT_ATTENTION, 0x3f, 0x0e);

  /** A unit attention by code and qualifier, as {@link #code} gives them. */
  static Sense attention(int code) {
    return new Sense(UNIT_ATTENTION, code >> 8 & 0xff, code & 0xff);
  }

  /** Code and qualifier in 16 bits. */
  int code() {
    return asc << 8 | ascq;
  }

  /** In the fixed format (4.5.3), 18 bytes. */
  public byte[] fixed() {
    byte[] out = new byte[18];
    out[0] = 0x70;
    out[2] = (byte) key;
    out[7] = 10;
    out[12] = (byte) asc;
    out[13] = (byte) ascq;
    return out;
  }

  /** In the descriptor format (4.5.2), without any descriptor. */
  byte[] descriptors() {
    return new byte[] {0x72, (byte) key, (byte) asc, (byte) ascq, 0, 0, 0, 0};
  }
}
