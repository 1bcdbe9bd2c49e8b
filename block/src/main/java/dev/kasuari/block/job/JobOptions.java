package dev.kasuari.block.job;

/**
 * What any job can be told.
 *
 * @param id its name among the jobs
 * @param speed the most bytes in a second; 0 for no limit
 * @param onSourceError what is done where reading fails
 * @param onTargetError what is done where writing fails
 * @param autoFinalize whether its result becomes true without {@link Job#finish}
 * @param autoDismiss whether it is forgotten without {@link Job#dismiss}
 */
public record JobOptions(
    String id,
    long speed,
    OnError onSourceError,
    OnError onTargetError,
    boolean autoFinalize,
    boolean autoDismiss) {

  /** What a job does about an error. */
  public enum OnError {
    /** It fails. */
    REPORT,
    /** It goes on with what comes next, if that makes sense for it. */
    IGNORE,
    /** It stands, and tries again when it is resumed. */
    STOP,
    /** It stands if there was no room, and fails otherwise. */
    ENOSPC
  }

  /** A job of that name with all else as it usually is. */
  public static JobOptions of(String id) {
    return new JobOptions(id, 0, OnError.REPORT, OnError.REPORT, true, true);
  }

  /** The same, no faster than so many bytes in a second. */
  public JobOptions withSpeed(long bytes) {
    return new JobOptions(id, bytes, onSourceError, onTargetError, autoFinalize, autoDismiss);
  }

  /** The same with other ways to meet errors. */
  public JobOptions withErrors(OnError source, OnError target) {
    return new JobOptions(id, speed, source, target, autoFinalize, autoDismiss);
  }

  /** The same, to be finalized and dismissed by itself or by somebody. */
  public JobOptions withAuto(boolean finalizes, boolean dismisses) {
    return new JobOptions(id, speed, onSourceError, onTargetError, finalizes, dismisses);
  }
}
