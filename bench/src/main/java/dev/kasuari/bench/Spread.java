package dev.kasuari.bench;

import java.util.Arrays;
import java.util.Collection;
import java.util.function.ToDoubleFunction;

/** The least, the middle and the greatest of some numbers. */
record Spread(double min, double median, double max) {
  /**
   * Of at least one number.
   *
   * @throws IllegalArgumentException if there is none
   */
  static Spread of(double... numbers) {
    if (numbers.length == 0) {
      throw new IllegalArgumentException("no numbers");
    }
    double[] sorted = numbers.clone();
    Arrays.sort(sorted);
    int half = sorted.length / 2;
    double median = sorted.length % 2 == 1 ? sorted[half] : (sorted[half - 1] + sorted[half]) / 2;
    return new Spread(sorted[0], median, sorted[sorted.length - 1]);
  }

  static <T> Spread of(Collection<T> things, ToDoubleFunction<T> number) {
    return of(things.stream().mapToDouble(number).toArray());
  }

  /** The geometric mean of positive numbers; not a number if there are none. */
  static double geometricMean(Collection<Double> numbers) {
    return Math.exp(numbers.stream().mapToDouble(Math::log).average().orElse(Double.NaN));
  }
}
