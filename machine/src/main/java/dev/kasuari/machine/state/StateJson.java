package dev.kasuari.machine.state;

import dev.kasuari.qapi.Json;
import java.math.BigDecimal;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.IntFunction;
import java.util.stream.IntStream;

/** Writes state as JSON. Bytes are one string of hexadecimal digits. */
final class StateJson implements StateWriter {
  private final Map<String, Json> members = new LinkedHashMap<>();

  Json.Members members() {
    return new Json.Members(members);
  }

  private void number(String name, long value) {
    members.put(name, Json.Num.of(value));
  }

  private void several(String name, int length, IntFunction<Json> item) {
    members.put(name, new Json.Array(IntStream.range(0, length).mapToObj(item).toList()));
  }

  /** JSON has no infinities and no NaN; they are shown as words. */
  private static Json real(double value) {
    return Double.isFinite(value)
        ? Json.Num.of(BigDecimal.valueOf(value))
        : new Json.Text(Double.toString(value));
  }

  @Override
  public void put(String name, boolean value) {
    members.put(name, new Json.Bool(value));
  }

  @Override
  public void put(String name, byte value) {
    number(name, value);
  }

  @Override
  public void put(String name, short value) {
    number(name, value);
  }

  @Override
  public void put(String name, char value) {
    number(name, value);
  }

  @Override
  public void put(String name, int value) {
    number(name, value);
  }

  @Override
  public void put(String name, long value) {
    number(name, value);
  }

  @Override
  public void put(String name, float value) {
    members.put(name, real(value));
  }

  @Override
  public void put(String name, double value) {
    members.put(name, real(value));
  }

  @Override
  public void put(String name, String value) {
    members.put(name, new Json.Text(value));
  }

  @Override
  public void put(String name, boolean[] values) {
    several(name, values.length, i -> new Json.Bool(values[i]));
  }

  @Override
  public void put(String name, byte[] values) {
    members.put(name, new Json.Text(HexFormat.of().formatHex(values)));
  }

  @Override
  public void put(String name, short[] values) {
    several(name, values.length, i -> Json.Num.of(values[i]));
  }

  @Override
  public void put(String name, char[] values) {
    several(name, values.length, i -> Json.Num.of(values[i]));
  }

  @Override
  public void put(String name, int[] values) {
    several(name, values.length, i -> Json.Num.of(values[i]));
  }

  @Override
  public void put(String name, long[] values) {
    several(name, values.length, i -> Json.Num.of(values[i]));
  }

  @Override
  public void put(String name, float[] values) {
    several(name, values.length, i -> real(values[i]));
  }

  @Override
  public void put(String name, double[] values) {
    several(name, values.length, i -> real(values[i]));
  }

  @Override
  public <T> void put(String name, StateCodec<T> codec, T value) {
    members.put(name, codec.show(value));
  }

  @Override
  public <T> void put(String name, StateCodec<T> codec, List<T> values) {
    several(name, values.size(), i -> codec.show(values.get(i)));
  }
}
