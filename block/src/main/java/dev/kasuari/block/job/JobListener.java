package dev.kasuari.block.job;

import dev.kasuari.block.BlockException;

/** Hears of jobs, on their threads; returns soon and waits for no job. */
public interface JobListener {
  /** A job is somewhere else in its life. */
  default void statusChanged(Job job, JobStatus status) {}

  /** A request of a job has failed. */
  default void requestFailed(Job job, boolean read, BlockException error, boolean stops) {}
}
