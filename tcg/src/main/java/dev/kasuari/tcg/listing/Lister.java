package dev.kasuari.tcg.listing;

import static java.util.concurrent.TimeUnit.MILLISECONDS;

import dev.kasuari.tcg.HostCode;
import java.util.ArrayList;
import java.util.List;
import java.util.NavigableMap;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Writes code as text on a thread of its own, in the order in which it came. What came while
 * objdump was busy is what it is given next, so that vCPUs seldom wait for it.
 */
final class Lister implements AutoCloseable {
  /** Units that wait; with more of them, vCPUs do. */
  private static final int MOST = 2048;

  /** How often whoever waits for room looks whether somebody will make some. */
  private static final int LOOK_MILLIS = 100;

  private static final String END = "code is no longer written, the rest is left out: ";

  private record Request(@Nullable HostCode code, Consumer<String> then) {}

  private final BlockingQueue<Request> queue = new ArrayBlockingQueue<>(MOST);
  private final Request last = new Request(null, text -> {});
  private final Objdump objdump;
  private final Consumer<String> notices;
  private final Thread thread;
  private boolean noticed;

  /**
   * @param name of the thread
   * @param notices told, once each, if code can only be shown as bytes, and if none can any more
   */
  Lister(String name, Objdump objdump, Consumer<String> notices) {
    this.objdump = objdump;
    this.notices = notices;
    thread =
        Thread.ofPlatform()
            .daemon(true)
            .name(name)
            .uncaughtExceptionHandler((ended, why) -> notices.accept(END + why))
            .start(this::work);
  }

  /**
   * Soon calls {@code then} with the text, or never if an earlier one ended the thread.
   *
   * @param code null if there is none; the text is then empty
   */
  void list(@Nullable HostCode code, Consumer<String> then) {
    put(new Request(code, then));
  }

  /** Waits for room, but not for a thread that has ended: nobody would ever make any. */
  private void put(Request request) {
    boolean interrupted = false;
    boolean taken = false;
    while (!taken && thread.isAlive()) {
      try {
        taken = queue.offer(request, LOOK_MILLIS, MILLISECONDS);
      } catch (InterruptedException e) {
        interrupted = true;
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }

  private void work() {
    List<Request> batch = new ArrayList<>();
    while (true) {
      batch.clear();
      try {
        batch.add(queue.take());
      } catch (InterruptedException e) {
        continue;
      }
      queue.drainTo(batch);
      boolean end = batch.remove(last);
      list(batch);
      if (end) {
        return;
      }
    }
  }

  private void list(List<Request> batch) {
    List<HostCode> codes = new ArrayList<>();
    for (Request request : batch) {
      if (request.code != null) {
        codes.add(request.code);
      }
    }
    List<NavigableMap<Integer, String>> lines = codes.isEmpty() ? List.of() : objdump.read(codes);
    notice(lines);
    int next = 0;
    for (Request request : batch) {
      request.then.accept(request.code == null ? "" : request.code.text(lines.get(next++)));
    }
  }

  private void notice(List<NavigableMap<Integer, String>> lines) {
    if (!noticed && !lines.isEmpty() && lines.stream().allMatch(NavigableMap::isEmpty)) {
      noticed = true;
      notices.accept("no objdump (binutils) that can read emitted code: it is shown as bytes");
    }
  }

  /** Waits until all is written. Nothing is added any more. */
  @Override
  public void close() {
    if (!thread.isAlive()) {
      return;
    }
    put(last);
    boolean interrupted = false;
    while (thread.isAlive()) {
      try {
        thread.join();
      } catch (InterruptedException e) {
        interrupted = true;
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }
}
