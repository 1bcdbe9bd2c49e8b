package dev.kasuari.img;

import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.function.Consumer;
import java.util.function.IntConsumer;

/** Threads that do one thing together. */
final class Workers {
  private Workers() {}

  /**
   * Runs threads, and waits for the end of all of them.
   *
   * @param name of each, before its number
   * @param work what a thread does, given its number from 0 on
   * @param failed hears what ended a thread, in that thread; the others are to find out
   */
  static void run(String name, int threads, IntConsumer work, Consumer<RuntimeException> failed) {
    try (ExecutorService workers =
        Executors.newFixedThreadPool(
            threads, Thread.ofPlatform().daemon(true).name(name + " ", 0).factory())) {
      for (int i = 0; i < threads; i++) {
        int index = i;
        workers.execute(() -> {
          try {
            work.accept(index);
          } catch (RuntimeException e) {
            failed.accept(e);
          } catch (Error e) {
            failed.accept(new IllegalStateException(e));
          }
        });
      }
    }
  }
}
