package dev.kasuari.vm;

import dev.kasuari.machine.time.Clock;
import dev.kasuari.machine.time.WallClock;
import dev.kasuari.qapi.OptionException;
import dev.kasuari.qapi.OptionSource;
import dev.kasuari.qapi.Options;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDate;
import java.time.LocalDateTime;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.time.format.DateTimeParseException;

/**
 * What real-time clocks show ({@code -rtc}).
 *
 * @param base utc, localtime, or the date at the start such as 2006-06-17T16:01:21
 * @param clock what moves it on
 * @param driftfix what a clock that interrupts in ticks does with ticks the guest was too slow for
 */
@Options
public record RtcOptions(
    @Options.Default("utc") String base,
    @Options.Default("host") Source clock,
    @Options.Default("none") DriftFix driftfix) {

  /** What moves a real-time clock. */
  public enum Source {
    /** The host's date, with its corrections. */
    HOST,
    /** The host's time, without corrections. */
    RT,
    /** The machine's time, which stands while the machine does. */
    VM
  }

  /** What happens to lost ticks. No board has a clock with ticks yet. */
  public enum DriftFix {
    /** They stay lost. */
    NONE,
    /** They are made up for. */
    SLEW
  }

  /** The host's date in UTC. */
  public static RtcOptions standard() {
    return new RtcOptions("utc", Source.HOST, DriftFix.NONE);
  }

  /**
   * Reads {@code -rtc}'s argument.
   *
   * @throws OptionException if it makes no sense
   */
  public static RtcOptions parse(OptionSource source) {
    RtcOptions options = RtcOptionsCodec.CODEC.parse(source);
    options.start(source.where());
    return options;
  }

  /** What {@code -rtc help} prints. */
  public static String help() {
    return RtcOptionsCodec.CODEC.schema().help();
  }

  /** The clock that a machine begins with now. */
  WallClock open(Clock machine) {
    Instant start = start("-rtc base=" + base);
    return switch (clock) {
      case HOST -> WallClock.ofHost(base.equals("utc") ? Duration.ZERO : ahead(start));
      case RT -> WallClock.steady(start);
      case VM -> WallClock.startingAt(start, machine);
    };
  }

  private static Duration ahead(Instant start) {
    return Duration.between(Instant.now(), start);
  }

  /** What the clock shows now. */
  private Instant start(String where) {
    return switch (base) {
      case "utc" -> Instant.now();
      case "localtime" -> LocalDateTime.now(ZoneId.systemDefault()).toInstant(ZoneOffset.UTC);
      default -> date(where);
    };
  }

  private Instant date(String where) {
    try {
      LocalDateTime date =
          base.contains("T") ? LocalDateTime.parse(base) : LocalDate.parse(base).atStartOfDay();
      if (date.getYear() < 1970 || date.getYear() > 2261) {
        throw new OptionException(where + ": 'base': a year from 1970 to 2261 is needed");
      }
      return date.toInstant(ZoneOffset.UTC);
    } catch (DateTimeParseException e) {
      throw new OptionException(
          where
              + ": 'base': '"
              + base
              + "' is no date; write utc, localtime, 2006-06-17 or 2006-06-17T16:01:21",
          e);
    }
  }
}
