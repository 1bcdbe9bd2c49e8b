package dev.kasuari.boot;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;

/**
 * A devicetree property: a name and bytes, which its reader interprets. Numbers are big-endian.
 * Source: Devicetree Specification 0.4, 2.2.4.
 */
public final class FdtProperty {
  private final String name;
  private final byte[] value;

  FdtProperty(String name, byte[] value) {
    this.name = name;
    this.value = value.clone();
  }

  public String name() {
    return name;
  }

  /** How many bytes the value has. */
  public int length() {
    return value.length;
  }

  /** A copy of the value. */
  public byte[] bytes() {
    return value.clone();
  }

  /**
   * The value as 32-bit numbers, 0 to 2^32-1.
   *
   * @throws BootException if its length is no multiple of 4
   */
  public long[] cells() throws BootException {
    require(value.length % 4 == 0, "32-bit numbers");
    long[] cells = new long[value.length / 4];
    for (int i = 0; i < cells.length; i++) {
      cells[i] = ByteBuffer.wrap(value).getInt(4 * i) & 0xffff_ffffL;
    }
    return cells;
  }

  /** The value as one 32-bit number, 0 to 2^32-1. */
  public long u32() throws BootException {
    require(value.length == 4, "one 32-bit number");
    return ByteBuffer.wrap(value).getInt() & 0xffff_ffffL;
  }

  /** The value as one number of 32 or 64 bits. */
  public long number() throws BootException {
    require(value.length == 4 || value.length == 8, "one number of 32 or 64 bits");
    return value.length == 4 ? u32() : ByteBuffer.wrap(value).getLong();
  }

  /** The value as one string. */
  public String string() throws BootException {
    List<String> strings = strings();
    require(strings.size() == 1, "one string");
    return strings.getFirst();
  }

  /** The value as a list of strings. */
  public List<String> strings() throws BootException {
    require(value.length > 0 && value[value.length - 1] == 0, "strings");
    String all = new String(value, 0, value.length - 1, StandardCharsets.UTF_8);
    return List.of(all.split("\0", -1));
  }

  private void require(boolean condition, String what) throws BootException {
    if (!condition) {
      throw new BootException(
          "devicetree: property " + name + " of " + value.length + " bytes is not " + what);
    }
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof FdtProperty p && p.name.equals(name) && Arrays.equals(p.value, value);
  }

  @Override
  public int hashCode() {
    return 31 * name.hashCode() + Arrays.hashCode(value);
  }

  /** As source text, such as {@code reg = <0x00 0x80000000>;}. */
  @Override
  public String toString() {
    return FdtText.property(this);
  }
}
