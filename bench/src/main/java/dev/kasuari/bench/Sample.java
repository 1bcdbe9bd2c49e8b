package dev.kasuari.bench;

import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * One run that ended well.
 *
 * @param checksum what the guest computed; empty if it computes nothing
 * @param seconds of the process, with start and end
 * @param cpuSeconds of all its threads
 * @param guestSeconds by the guest's own clock, without start and end; not a number if unknown
 * @param firstOutput seconds from the start of the process to the first byte of the guest
 */
record Sample(
    String checksum, double seconds, double cpuSeconds, double guestSeconds, double firstOutput) {
  private static final double CLOCK = 10e6; // Hz, of time on the virt board
  private static final Pattern LINE =
      Pattern.compile("checksum ([0-9a-f]{16}) ticks ([0-9]{1,18})");

  private static final double TOLERATED_PART = 0.2;
  private static final double TOLERATED_SECONDS = 0.3;

  /** Whether the guest's clock and the host's tell about the same. */
  boolean plausible(double start) {
    double difference = Math.abs(seconds - start - guestSeconds);
    return Double.isNaN(guestSeconds)
        || difference <= TOLERATED_SECONDS + start + TOLERATED_PART * seconds;
  }

  /** Of a kernel's run; null if it did not say what it was to say. */
  static @Nullable Sample ofKernel(Outcome outcome) {
    Matcher line = LINE.matcher(outcome.output());
    if (!outcome.succeeded() || !line.find()) {
      return null;
    }
    return new Sample(
        line.group(1),
        outcome.seconds(),
        outcome.cpuSeconds(),
        Long.parseLong(line.group(2)) / CLOCK,
        outcome.firstOutput());
  }

  /** Of a run until a line was printed; null if it was not. */
  static @Nullable Sample ofBoot(Outcome outcome) {
    return outcome.end() == Outcome.End.FOUND
        ? new Sample("", outcome.seconds(), outcome.cpuSeconds(), Double.NaN, outcome.firstOutput())
        : null;
  }
}
