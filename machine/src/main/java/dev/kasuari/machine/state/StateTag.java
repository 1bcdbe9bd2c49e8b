package dev.kasuari.machine.state;

import org.jspecify.annotations.Nullable;

/** The kinds of values in saved state and how they are written. */
enum StateTag {
  END(0, 0),
  BOOL(1, 1),
  I8(2, 1),
  I16(3, 2),
  U16(4, 2),
  I32(5, 4),
  I64(6, 8),
  F32(7, 4),
  F64(8, 8),
  TEXT(9, 0),
  STRUCT(10, 0),
  LIST(11, 0),
  BOOLS(17, 1),
  I8S(18, 1),
  I16S(19, 2),
  U16S(20, 2),
  I32S(21, 4),
  I64S(22, 8),
  F32S(23, 4),
  F64S(24, 8);

  final int code;

  /** Bytes of one item, or 0 where it says itself how long it is. */
  final int width;

  StateTag(int code, int width) {
    this.code = code;
    this.width = width;
  }

  static @Nullable StateTag of(int code) {
    for (StateTag tag : values()) {
      if (tag.code == code) {
        return tag;
      }
    }
    return null;
  }
}
