package dev.kasuari.machine.state;

import java.util.Collection;
import java.util.List;

/** Receives the fields of a state class in their order. */
public interface StateWriter {
  void put(String name, boolean value);

  void put(String name, byte value);

  void put(String name, short value);

  void put(String name, char value);

  void put(String name, int value);

  void put(String name, long value);

  void put(String name, float value);

  void put(String name, double value);

  void put(String name, String value);

  /** An enum by its constant's name. */
  default void put(String name, Enum<?> value) {
    put(name, value.name());
  }

  void put(String name, boolean[] values);

  void put(String name, byte[] values);

  void put(String name, short[] values);

  void put(String name, char[] values);

  void put(String name, int[] values);

  void put(String name, long[] values);

  void put(String name, float[] values);

  void put(String name, double[] values);

  /** Whole numbers. */
  default void put(String name, Collection<? extends Number> values) {
    put(name, values.stream().mapToLong(Number::longValue).toArray());
  }

  /** A state class inside another. */
  <T> void put(String name, StateCodec<T> codec, T value);

  /** Several of one state class. */
  <T> void put(String name, StateCodec<T> codec, List<T> values);
}
