package dev.kasuari.block.job;

import dev.kasuari.block.BlockException;
import dev.kasuari.block.BlockException.Kind;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import org.jspecify.annotations.Nullable;

/** The jobs of one machine or tool, by id. */
public final class Jobs {
  private final Map<String, Job> all = new LinkedHashMap<>();
  private final List<JobListener> listeners = new CopyOnWriteArrayList<>();

  /** Hears of all jobs from now on. */
  public void listen(JobListener listener) {
    listeners.add(listener);
  }

  /** All that have not been dismissed. */
  public synchronized List<Job> all() {
    return new ArrayList<>(all.values());
  }

  /** The one of that name, or null. */
  public synchronized @Nullable Job find(String id) {
    return all.get(id);
  }

  /**
   * Starts a job.
   *
   * @throws BlockException if there is one of that name
   */
  public <J extends Job> J start(J job) {
    begin(job, null);
    job.launch();
    return job;
  }

  /** Puts a job where it works, without letting it work yet. */
  void begin(Job job, @Nullable JobGroup group) {
    synchronized (this) {
      if (all.putIfAbsent(job.id(), job) != null) {
        throw new BlockException(Kind.EXISTS, "Job ID '" + job.id() + "' already in use");
      }
    }
    try {
      job.begin(this, group);
      if (group != null) {
        group.add(job);
      }
    } catch (RuntimeException | Error e) {
      forget(job);
      throw e;
    }
  }

  synchronized void forget(Job job) {
    all.remove(job.id(), job);
  }

  void statusChanged(Job job, JobStatus status) {
    listeners.forEach(l -> l.statusChanged(job, status));
  }

  void requestFailed(Job job, boolean read, BlockException error, boolean stops) {
    listeners.forEach(l -> l.requestFailed(job, read, error, stops));
  }
}
