package dev.kasuari.it;

import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.function.LongFunction;

/**
 * Many sequences, run here and there in batches.
 *
 * <p>Properties say which: {@code kasuari.it.seed} and {@code kasuari.it.sequences}, where each
 * seed stands for other sequences; or {@code kasuari.it.sequence} for one that a report names.
 * {@code kasuari.it.backend} is the back end here, {@code interp}, {@code direct}, {@code x86_64}
 * or {@code both}, which it is where the host can.
 */
final class Campaign {
  private static final long USUAL_SEED = 20260101;

  private final String name;
  private final Duel duel;
  private final Coverage coverage;
  private final int batch;
  private final LongFunction<Sequence> generator;

  /**
   * Plans one.
   *
   * @param name the test, as a report says how to repeat it
   * @param batch how many sequences make a program
   * @param generator makes the sequence of a seed
   */
  Campaign(String name, Duel duel, Coverage coverage, int batch, LongFunction<Sequence> generator) {
    this.name = name;
    this.duel = duel;
    this.coverage = coverage;
    this.batch = batch;
    this.generator = generator;
  }

  /** Whether a single sequence was asked for, which covers nothing. */
  static boolean isSingle() {
    return Long.getLong("kasuari.it.sequence") != null;
  }

  /**
   * Runs them up to the first batch with differences.
   *
   * @return reports of differences
   */
  List<String> run(int usualCount) throws Exception {
    Long single = Long.getLong("kasuari.it.sequence");
    if (single != null) {
      return duel.run(List.of(generator.apply(single)), coverage, this::repeat);
    }
    long seed = Long.getLong("kasuari.it.seed", USUAL_SEED);
    int count = Integer.getInteger("kasuari.it.sequences", usualCount);
    System.out.printf("%s: kasuari.it.seed=%d kasuari.it.sequences=%d%n", name, seed, count);
    long start = System.nanoTime();
    var seeds = new SplittableRandom(seed);
    for (int done = 0; done < count; done += batch) {
      List<Sequence> sequences = new ArrayList<>();
      for (int i = 0; i < Math.min(batch, count - done); i++) {
        sequences.add(generator.apply(seeds.nextLong()));
      }
      List<String> reports = duel.run(sequences, coverage, this::repeat);
      if (!reports.isEmpty()) {
        return reports;
      }
    }
    System.out.printf(
        "%s: %d sequences against %s, %d instructions executed, %d traps, %d s%n",
        name,
        count,
        duel.peer(),
        coverage.total(),
        coverage.traps().values().stream().mapToLong(n -> n).sum(),
        (System.nanoTime() - start) / 1_000_000_000);
    return List.of();
  }

  /** The command that runs one sequence again. */
  private String repeat(long sequence) {
    return "./kasuari test guest -pl it -am -Dtest=%s -Dkasuari.it.sequence=%d"
        .formatted(name, sequence);
  }
}
