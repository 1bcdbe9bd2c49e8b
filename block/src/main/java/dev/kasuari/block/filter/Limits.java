package dev.kasuari.block.filter;

import dev.kasuari.qapi.OptionException;
import dev.kasuari.qapi.Options;
import java.util.List;

/**
 * How much may be read and written in a second; 0 is no limit. Of a limit with a {@code max} that
 * much is let through for {@code max-length} seconds, if there was less before.
 *
 * @param bpsTotal bytes
 * @param bpsRead bytes read
 * @param bpsWrite bytes written
 * @param iopsTotal requests
 * @param iopsRead requests that read
 * @param iopsWrite requests that write
 * @param bpsTotalMax bytes for a while
 * @param bpsReadMax bytes read for a while
 * @param bpsWriteMax bytes written for a while
 * @param iopsTotalMax requests for a while
 * @param iopsReadMax requests that read for a while
 * @param iopsWriteMax requests that write for a while
 * @param bpsTotalMaxLength how long, seconds
 * @param bpsReadMaxLength how long, seconds
 * @param bpsWriteMaxLength how long, seconds
 * @param iopsTotalMaxLength how long, seconds
 * @param iopsReadMaxLength how long, seconds
 * @param iopsWriteMaxLength how long, seconds
 * @param iopsSize larger requests count as so many of this size
 */
@Options
public record Limits(
    @Options.Default("0") @Options.Size long bpsTotal,
    @Options.Default("0") @Options.Size long bpsRead,
    @Options.Default("0") @Options.Size long bpsWrite,
    @Options.Default("0") @Options.Size long iopsTotal,
    @Options.Default("0") @Options.Size long iopsRead,
    @Options.Default("0") @Options.Size long iopsWrite,
    @Options.Default("0") @Options.Size long bpsTotalMax,
    @Options.Default("0") @Options.Size long bpsReadMax,
    @Options.Default("0") @Options.Size long bpsWriteMax,
    @Options.Default("0") @Options.Size long iopsTotalMax,
    @Options.Default("0") @Options.Size long iopsReadMax,
    @Options.Default("0") @Options.Size long iopsWriteMax,
    @Options.Default("1") @Options.Size long bpsTotalMaxLength,
    @Options.Default("1") @Options.Size long bpsReadMaxLength,
    @Options.Default("1") @Options.Size long bpsWriteMaxLength,
    @Options.Default("1") @Options.Size long iopsTotalMaxLength,
    @Options.Default("1") @Options.Size long iopsReadMaxLength,
    @Options.Default("1") @Options.Size long iopsWriteMaxLength,
    @Options.Default("0") @Options.Size long iopsSize) {
  private static final long MOST = 1_000_000_000_000_000L;

  /** No limits. */
  public static Limits none() {
    return new Limits(0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 1, 0);
  }

  /**
   * One limit of its kind: what counts is told by {@code bytes}, {@code read} and {@code write}.
   */
  record Limit(boolean bytes, boolean read, boolean write, long average, long most, long seconds) {}

  List<Limit> all() {
    return List.of(
        new Limit(true, true, true, bpsTotal, bpsTotalMax, bpsTotalMaxLength),
        new Limit(true, true, false, bpsRead, bpsReadMax, bpsReadMaxLength),
        new Limit(true, false, true, bpsWrite, bpsWriteMax, bpsWriteMaxLength),
        new Limit(false, true, true, iopsTotal, iopsTotalMax, iopsTotalMaxLength),
        new Limit(false, true, false, iopsRead, iopsReadMax, iopsReadMaxLength),
        new Limit(false, false, true, iopsWrite, iopsWriteMax, iopsWriteMaxLength));
  }

  /** True if anything is limited. */
  public boolean any() {
    return all().stream().anyMatch(limit -> limit.average > 0);
  }

  /**
   * Refuses limits that contradict one another.
   *
   * @throws OptionException in QEMU's words
   */
  public void check(String where) {
    boolean bothBytes =
        (bpsTotal > 0 && (bpsRead > 0 || bpsWrite > 0))
            || (bpsTotalMax > 0 && (bpsReadMax > 0 || bpsWriteMax > 0));
    boolean bothRequests =
        (iopsTotal > 0 && (iopsRead > 0 || iopsWrite > 0))
            || (iopsTotalMax > 0 && (iopsReadMax > 0 || iopsWriteMax > 0));
    refuse(
        where,
        bothBytes || bothRequests,
        "bps/iops/max total values and read/write values cannot be used at the same time");
    refuse(
        where,
        iopsSize > 0 && iopsTotal == 0 && iopsRead == 0 && iopsWrite == 0,
        "iops size requires an iops value to be set");
    for (Limit limit : all()) {
      refuse(
          where,
          limit.average > MOST || limit.most > MOST,
          "bps/iops/max values must be within [0, 1000000000000000]");
      refuse(where, limit.seconds == 0, "the burst length cannot be 0");
      refuse(where, limit.seconds > 1 && limit.most == 0, "burst length set without burst rate");
      refuse(
          where,
          limit.seconds > 1 && limit.most > MOST / limit.seconds,
          "burst length too high for this burst rate");
      refuse(
          where,
          limit.most > 0 && limit.average == 0,
          "bps_max/iops_max require corresponding bps/iops values");
      refuse(
          where,
          limit.most > 0 && limit.most < limit.average,
          "bps_max/iops_max cannot be lower than bps/iops");
    }
  }

  private static void refuse(String where, boolean wrong, String why) {
    if (wrong) {
      throw new OptionException(where.isEmpty() ? why : where + ": " + why);
    }
  }
}
