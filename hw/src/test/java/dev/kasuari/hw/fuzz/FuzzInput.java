package dev.kasuari.hw.fuzz;

/** Bytes that steer a fuzz target: each choice takes as many as it needs; behind the end are 0s. */
public final class FuzzInput {
  private final byte[] bytes;
  private int at;

  public FuzzInput(byte[] bytes) {
    this.bytes = bytes.clone();
  }

  /** True while there is something left. */
  public boolean more() {
    return at < bytes.length;
  }

  /** A number of so many bytes, unsigned unless it has 8. */
  public long number(int size) {
    long value = 0;
    for (int i = 0; i < size; i++) {
      value |= (long) u8() << (8 * i);
    }
    return value;
  }

  /** 0 to 255. */
  public int u8() {
    return more() ? bytes[at++] & 0xff : 0;
  }

  /** One of {@code count}, which is at most 256. */
  public int choose(int count) {
    return u8() % count;
  }

  /** A size of an access: 1, 2, 4 or 8. */
  public int size() {
    return 1 << choose(4);
  }

  /** A number as guests use them: mostly small or just beside a power of two, sometimes any. */
  public long value() {
    int how = u8();
    if (how < 192) {
      return how & 63;
    }
    return how < 240 ? (1L << (how & 63)) + (byte) u8() : number(8);
  }
}
