package dev.kasuari.block.job;

/** Where a job is in its life. The words are QEMU's. */
public enum JobStatus {
  /** It is there and has not begun. */
  CREATED,
  /** It works. */
  RUNNING,
  /** It stands, on request or for an error. */
  PAUSED,
  /** It has caught up, keeps up, and can be completed. */
  READY,
  /** It stands and had caught up. */
  STANDBY,
  /** It has done its part and waits for others of its group. */
  WAITING,
  /** It waits for {@link Job#finish}. */
  PENDING,
  /** It takes back what it can. */
  ABORTING,
  /** It has ended and waits for {@link Job#dismiss}. */
  CONCLUDED,
  /** It is gone. */
  NULL;

  /** True from when the outcome is certain. */
  public boolean ended() {
    return this == CONCLUDED || this == NULL;
  }
}
