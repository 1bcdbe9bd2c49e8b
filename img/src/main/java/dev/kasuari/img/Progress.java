package dev.kasuari.img;

import java.io.PrintStream;
import java.util.Locale;
import java.util.concurrent.atomic.AtomicLong;

/** {@code -p}: how much is done, on one line. */
final class Progress implements AutoCloseable {
  private final PrintStream out;
  private final boolean shown;
  private final long total;
  private final AtomicLong done = new AtomicLong();
  private long last = -1;

  Progress(PrintStream out, boolean shown, long total) {
    this.out = out;
    this.shown = shown;
    this.total = total;
    add(0);
  }

  void add(long bytes) {
    long now = done.addAndGet(bytes);
    if (!shown) {
      return;
    }
    double percent = total == 0 ? 100 : Math.min(100.0, now * 100.0 / total);
    synchronized (this) {
      long step = (long) (percent * 100);
      if (step > last) {
        last = step;
        out.print(String.format(Locale.ROOT, "    (%3.2f/100%%)\r", percent));
        out.flush();
      }
    }
  }

  @Override
  public void close() {
    if (shown) {
      out.println();
    }
  }
}
