package dev.kasuari.machine.state;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.List;

/**
 * Writes state as bytes: for each class its version, then for each field kind, name and value, then
 * an end mark. Numbers are little-endian with their own width, counts and lengths in groups of
 * seven bits with the lowest first, text in UTF-8 after its length.
 */
public final class StateEncoder implements StateWriter {
  private final ByteArrayOutputStream out = new ByteArrayOutputStream();

  StateEncoder() {}

  byte[] bytes() {
    return out.toByteArray();
  }

  <T> void struct(StateCodec<T> codec, T value) {
    count(codec.version());
    codec.write(value, this);
    out.write(StateTag.END.code);
  }

  private void field(StateTag tag, String name) {
    out.write(tag.code);
    text(name);
  }

  private void text(String text) {
    byte[] utf8 = text.getBytes(StandardCharsets.UTF_8);
    count(utf8.length);
    out.writeBytes(utf8);
  }

  private void count(int number) {
    int rest = number;
    while (rest >= 0x80) {
      out.write((rest & 0x7f) | 0x80);
      rest >>>= 7;
    }
    out.write(rest);
  }

  private void number(int width, long value) {
    for (int i = 0; i < width; i++) {
      out.write((int) (value >>> (8 * i)));
    }
  }

  private void one(StateTag tag, String name, long value) {
    field(tag, name);
    number(tag.width, value);
  }

  private void several(StateTag tag, String name, int length) {
    field(tag, name);
    count(length);
  }

  @Override
  public void put(String name, boolean value) {
    one(StateTag.BOOL, name, value ? 1 : 0);
  }

  @Override
  public void put(String name, byte value) {
    one(StateTag.I8, name, value);
  }

  @Override
  public void put(String name, short value) {
    one(StateTag.I16, name, value);
  }

  @Override
  public void put(String name, char value) {
    one(StateTag.U16, name, value);
  }

  @Override
  public void put(String name, int value) {
    one(StateTag.I32, name, value);
  }

  @Override
  public void put(String name, long value) {
    one(StateTag.I64, name, value);
  }

  @Override
  public void put(String name, float value) {
    one(StateTag.F32, name, Float.floatToRawIntBits(value));
  }

  @Override
  public void put(String name, double value) {
    one(StateTag.F64, name, Double.doubleToRawLongBits(value));
  }

  @Override
  public void put(String name, String value) {
    field(StateTag.TEXT, name);
    text(value);
  }

  @Override
  public void put(String name, boolean[] values) {
    several(StateTag.BOOLS, name, values.length);
    for (boolean value : values) {
      out.write(value ? 1 : 0);
    }
  }

  @Override
  public void put(String name, byte[] values) {
    several(StateTag.I8S, name, values.length);
    out.writeBytes(values);
  }

  @Override
  public void put(String name, short[] values) {
    several(StateTag.I16S, name, values.length);
    for (short value : values) {
      number(2, value);
    }
  }

  @Override
  public void put(String name, char[] values) {
    several(StateTag.U16S, name, values.length);
    for (char value : values) {
      number(2, value);
    }
  }

  @Override
  public void put(String name, int[] values) {
    several(StateTag.I32S, name, values.length);
    for (int value : values) {
      number(4, value);
    }
  }

  @Override
  public void put(String name, long[] values) {
    several(StateTag.I64S, name, values.length);
    for (long value : values) {
      number(8, value);
    }
  }

  @Override
  public void put(String name, float[] values) {
    several(StateTag.F32S, name, values.length);
    for (float value : values) {
      number(4, Float.floatToRawIntBits(value));
    }
  }

  @Override
  public void put(String name, double[] values) {
    several(StateTag.F64S, name, values.length);
    for (double value : values) {
      number(8, Double.doubleToRawLongBits(value));
    }
  }

  @Override
  public <T> void put(String name, StateCodec<T> codec, T value) {
    field(StateTag.STRUCT, name);
    struct(codec, value);
  }

  @Override
  public <T> void put(String name, StateCodec<T> codec, List<T> values) {
    several(StateTag.LIST, name, values.size());
    for (T value : values) {
      struct(codec, value);
    }
  }
}
