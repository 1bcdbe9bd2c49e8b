package dev.kasuari.block.job;

import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

/** Jobs that all have their result or none: each waits for the others. */
public final class JobGroup {
  private final Set<Job> members = new LinkedHashSet<>();
  private final Set<Job> worked = new LinkedHashSet<>();
  private final Set<Job> prepared = new LinkedHashSet<>();
  private boolean failed;

  synchronized void add(Job job) {
    members.add(job);
  }

  void awaitWork(Job job) {
    await(job, worked);
  }

  void awaitPrepared(Job job) {
    await(job, prepared);
  }

  private synchronized void await(Job job, Set<Job> reached) {
    reached.add(job);
    notifyAll();
    boolean interrupted = false;
    while (!failed && !job.wasCancelled() && !reached.containsAll(members)) {
      try {
        wait();
      } catch (InterruptedException e) {
        interrupted = true;
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
    if (failed || job.wasCancelled()) {
      throw new Job.Cancelled();
    }
  }

  void failed(Job job) {
    List<Job> others;
    synchronized (this) {
      if (failed) {
        return;
      }
      failed = true;
      notifyAll();
      others = members.stream().filter(other -> !other.equals(job)).toList();
    }
    others.forEach(Job::cancelNow);
  }

  synchronized void changed() {
    notifyAll();
  }

  void finalizeAll() {
    List<Job> all;
    synchronized (this) {
      all = List.copyOf(members);
    }
    all.forEach(Job::finalizeIfPending);
  }
}
