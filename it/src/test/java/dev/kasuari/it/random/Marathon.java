package dev.kasuari.it.random;

import java.io.PrintStream;
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;

/**
 * Random guests, one after the other, on the interpreter and as machine code: random code, page
 * tables and interrupts, code that is written over. Their traps, registers and memory are compared;
 * of the first guest that differs, its seed is printed and where the two part.
 *
 * <p>{@code mvn verify -Prandom-guests -pl it -am -DskipTests -Drandom.seconds=3600}; one guest
 * again: {@code -Drandom.guest=SEED}.
 */
final class Marathon {
  private static final int EVERY_SECONDS = 60;

  private final PrintStream out;
  private final SplittableRandom seeds;
  private final long begin = System.nanoTime();
  private long guests;
  private long instructions;
  private long units;
  private long traps;

  Marathon(long seed, PrintStream out) {
    this.out = out;
    seeds = new SplittableRandom(seed);
  }

  /** Arguments: seconds, seed, and the seed of a single guest or {@code none}. */
  public static void main(String[] arguments) throws InterruptedException {
    String seed = arguments[1];
    long first = seed.equals("random") ? new SplittableRandom().nextLong() : Long.parseLong(seed);
    var marathon = new Marathon(first, System.out);
    boolean same;
    if (arguments[2].equals("none")) {
      System.out.println("random guests: -Drandom.seed=" + first);
      same = marathon.run(Long.parseLong(arguments[0]));
    } else {
      same = marathon.guest(Long.parseLong(arguments[2]));
    }
    System.exit(same ? 0 : 1);
  }

  /** Runs guests for so many seconds; false at the first difference. */
  boolean run(long seconds) throws InterruptedException {
    long told = begin;
    while (System.nanoTime() - begin < TimeUnit.SECONDS.toNanos(seconds)) {
      if (!guest(seeds.nextLong())) {
        return false;
      }
      if (System.nanoTime() - told > TimeUnit.SECONDS.toNanos(EVERY_SECONDS)) {
        told = System.nanoTime();
        summary();
      }
    }
    summary();
    return true;
  }

  private void summary() {
    out.printf(
        "%d random guests in %d s: %d instructions in %d units, %d traps; no difference%n",
        guests,
        TimeUnit.NANOSECONDS.toSeconds(System.nanoTime() - begin),
        instructions,
        units,
        traps);
  }

  /** Runs one guest; false, with a report, if it is not the same everywhere. */
  boolean guest(long seed) throws InterruptedException {
    RandomGuest guest = RandomGuest.of(seed);
    GuestEnd interpreted;
    try {
      interpreted = GuestRun.interpreted(guest);
      GuestEnd emitted = GuestRun.emitted(guest);
      String difference = interpreted.difference(emitted);
      if (!difference.isEmpty()) {
        out.printf("-Drandom.guest=%d differs, interpreted and emitted, in %s", seed, difference);
        explain(guest);
        return false;
      }
    } catch (IllegalStateException e) {
      out.printf("-Drandom.guest=%d failed%n", seed);
      e.printStackTrace(out);
      return false;
    }
    guests++;
    instructions += interpreted.retired();
    units += interpreted.units();
    traps += interpreted.traps().size();
    return true;
  }

  private void explain(RandomGuest guest) throws InterruptedException {
    try {
      var _ = GuestRun.lockstep(guest);
      out.println("In lockstep there is no difference: it needs chains, or its order of units.");
    } catch (IllegalStateException e) {
      out.println("In lockstep:\n" + e.getMessage());
    }
  }

  long traps() {
    return traps;
  }

  long guests() {
    return guests;
  }
}
