package dev.kasuari.machine.time;

import java.util.function.LongSupplier;

/**
 * A counter of the machine's that all CPUs read as their time: RISC-V's {@code mtime}, the system
 * counter of Arm.
 *
 * @param ticks the counter, from any thread; whoever sets it back or forth tells every CPU
 * @param frequency ticks a second of virtual time
 */
public record Timebase(LongSupplier ticks, long frequency) {
  private static final long SECOND = 1_000_000_000L;

  public Timebase {
    if (frequency < 1 || frequency > SECOND) {
      throw new IllegalArgumentException("timebase of " + frequency + " Hz: not in 1 to 10^9");
    }
  }

  /** A counter that began when the machine did. */
  public static Timebase of(Clock clock, long frequency) {
    return new Timebase(() -> ticksAt(clock.now(), frequency), frequency);
  }

  private static long ticksAt(long nanos, long frequency) {
    // In two parts, as the product has more than 64 bits after some hours.
    return nanos / SECOND * frequency + nanos % SECOND * frequency / SECOND;
  }

  /** The value now. */
  public long now() {
    return ticks.getAsLong();
  }

  /**
   * Nanoseconds of virtual time until the counter has reached {@code target}: 0 if it has, {@link
   * Timer#NEVER} if that is longer than a machine lives. Never too short, and at most a tick too
   * long.
   */
  public long nanosUntil(long target) {
    long now = now();
    if (Long.compareUnsigned(now, target) >= 0) {
      return 0;
    }
    return nanosOf(target - now);
  }

  /**
   * Nanoseconds that so many ticks take, rounded up; {@link Timer#NEVER} if that is longer than a
   * machine lives.
   *
   * @param distance ticks, unsigned
   */
  public long nanosOf(long distance) {
    long seconds = Long.divideUnsigned(distance, frequency);
    if (seconds >= Timer.NEVER / SECOND) {
      return Timer.NEVER;
    }
    long rest = Long.remainderUnsigned(distance, frequency);
    return seconds * SECOND + (rest * SECOND + frequency - 1) / frequency;
  }
}
