package dev.kasuari.machine.backend;

import dev.kasuari.machine.backend.BlockBackend.ErrorAction;
import dev.kasuari.machine.backend.BlockBackend.Status;
import org.jspecify.annotations.Nullable;

/** What a user wants of requests that fail ({@code rerror=}, {@code werror=}). */
public enum OnError {
  /** As the drive says; which, if it says nothing, reports reads and has writes be ENOSPC. */
  AUTO,
  /** The guest hears of it. */
  REPORT,
  /** The guest hears that it was done. */
  IGNORE,
  /** The machine stops; the request is done again when it runs on. */
  STOP,
  /** Stop if the storage is full, else report. */
  ENOSPC;

  /** What that is for a failure, or null if the drive says. */
  public @Nullable ErrorAction action(Status status) {
    return switch (this) {
      case AUTO -> null;
      case REPORT -> ErrorAction.REPORT;
      case IGNORE -> ErrorAction.IGNORE;
      case STOP -> ErrorAction.STOP;
      case ENOSPC -> status == Status.NO_SPACE ? ErrorAction.STOP : ErrorAction.REPORT;
    };
  }
}
