package dev.kasuari.testkit;

import dev.kasuari.machine.state.StateCodec;
import dev.kasuari.qapi.Json;
import java.lang.reflect.Array;
import java.lang.reflect.Field;
import java.lang.reflect.Modifier;
import java.util.Collection;
import java.util.SplittableRandom;
import java.util.random.RandomGenerator;

/**
 * What every state class must hold to: whatever its fields are, they come back when saved and
 * restored, and can be shown.
 */
public final class StateContract {
  private StateContract() {}

  /**
   * Checks a codec with states of random values.
   *
   * @param seed named in the failure
   * @throws AssertionError naming the state that does not come back
   */
  public static <S> void check(StateCodec<S> codec, long seed) {
    var random = new SplittableRandom(seed);
    S fresh = codec.create();
    if (!codec.same(fresh, codec.create())) {
      throw new AssertionError(codec.name() + ": two new states differ: reset is not one value");
    }
    for (int round = 0; round < 20; round++) {
      S state = codec.create();
      fill(state, random);
      S back = codec.decode(codec.name(), codec.encode(state));
      String shown = codec.show(state).toString();
      if (!codec.same(state, back) || !shown.equals(codec.show(back).toString())) {
        throw new AssertionError(
            "seed " + seed + ": " + shown + " came back as " + codec.show(back));
      }
      Json.parse(shown);
    }
  }

  private static void fill(Object state, RandomGenerator random) {
    for (Field field : state.getClass().getDeclaredFields()) {
      if (!Modifier.isStatic(field.getModifiers()) && !field.isSynthetic()) {
        try {
          field.setAccessible(true);
          fill(state, field, random);
        } catch (IllegalAccessException e) {
          throw new AssertionError(field.toString(), e);
        }
      }
    }
  }

  private static void fill(Object state, Field field, RandomGenerator random)
      throws IllegalAccessException {
    Class<?> type = field.getType();
    Object value = field.get(state);
    if (type.isArray()) {
      fillArray(value, random);
    } else if (type.isPrimitive()) {
      field.set(state, primitive(type, random));
    } else if (type.isEnum()) {
      Object[] constants = type.getEnumConstants();
      field.set(state, constants[random.nextInt(constants.length)]);
    } else if (type == String.class) {
      field.set(state, Long.toString(random.nextLong(), 36));
    } else if (!(value instanceof Collection<?>)) {
      fill(value, random);
    }
  }

  private static void fillArray(Object array, RandomGenerator random) {
    Class<?> item = array.getClass().getComponentType();
    for (int i = 0; i < Array.getLength(array); i++) {
      if (item.isPrimitive()) {
        Array.set(array, i, primitive(item, random));
      } else {
        fill(Array.get(array, i), random);
      }
    }
  }

  private static Object primitive(Class<?> type, RandomGenerator random) {
    long bits = random.nextLong();
    if (type == boolean.class) {
      return (bits & 1) != 0;
    } else if (type == byte.class) {
      return (byte) bits;
    } else if (type == short.class) {
      return (short) bits;
    } else if (type == char.class) {
      return (char) bits;
    } else if (type == int.class) {
      return (int) bits;
    } else if (type == float.class) {
      return Float.intBitsToFloat((int) bits);
    } else if (type == double.class) {
      return Double.longBitsToDouble(bits);
    }
    return bits;
  }
}
