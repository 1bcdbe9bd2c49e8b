package dev.kasuari.img;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;

/** Threads that do one thing together, of which the one that asks for it is one. */
final class Workers {
  private final String name;
  private final Runnable work;
  private final Consumer<RuntimeException> failed;
  private final List<Thread> threads = new ArrayList<>();

  /**
   * Nobody works yet.
   *
   * @param name of each thread, before its number
   * @param work what a thread does
   * @param failed hears what ended a thread, in that thread; the others are to find out
   */
  Workers(String name, Runnable work, Consumer<RuntimeException> failed) {
    this.name = name;
    this.work = work;
    this.failed = failed;
  }

  /** Starts one thread more; by one that works, or before {@link #run}. */
  void start() {
    synchronized (threads) {
      String numbered = name + " " + (threads.size() + 1);
      threads.add(Thread.ofPlatform().daemon(true).name(numbered).start(this::guarded));
    }
  }

  /** Works together with {@code others} threads more, and waits for the end of all of them. */
  void run(int others) {
    for (int i = 0; i < others; i++) {
      start();
    }
    guarded();
    // Who starts one is still at work himself: when the last one has ended there are no more.
    boolean interrupted = false;
    for (int i = 0; i < started(); ) {
      try {
        thread(i).join();
        i++;
      } catch (InterruptedException e) {
        interrupted = true;
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }

  private int started() {
    synchronized (threads) {
      return threads.size();
    }
  }

  private Thread thread(int index) {
    synchronized (threads) {
      return threads.get(index);
    }
  }

  private void guarded() {
    try {
      work.run();
    } catch (RuntimeException e) {
      failed.accept(e);
    } catch (Error e) {
      failed.accept(new IllegalStateException(e));
    }
  }
}
