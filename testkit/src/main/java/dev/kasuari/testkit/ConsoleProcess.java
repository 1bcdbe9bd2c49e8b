package dev.kasuari.testkit;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** A program with its console on pipes: a test types, and waits for what is printed. */
public final class ConsoleProcess implements AutoCloseable {
  private final Process process;
  private final int patienceSeconds;
  private final OutputStream keyboard;
  private final StringBuilder screen = new StringBuilder();
  private final Thread reader;
  private int seen;

  private ConsoleProcess(Process process, int patienceSeconds) {
    this.process = process;
    this.patienceSeconds = patienceSeconds;
    keyboard = process.getOutputStream();
    reader = Thread.ofVirtual().start(this::read);
  }

  /**
   * Starts a program.
   *
   * @param patienceSeconds how long each wait may take before the test fails
   */
  public static ConsoleProcess start(List<String> command, int patienceSeconds) throws IOException {
    Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
    return new ConsoleProcess(process, patienceSeconds);
  }

  private void read() {
    byte[] buffer = new byte[4096];
    try (InputStream in = process.getInputStream()) {
      for (int n = in.read(buffer); n > 0; n = in.read(buffer)) {
        append(new String(buffer, 0, n, StandardCharsets.ISO_8859_1));
      }
    } catch (IOException e) {
      // It is gone; what it has printed stays.
    }
    append("");
  }

  private void append(String text) {
    synchronized (screen) {
      screen.append(text);
      screen.notifyAll();
    }
  }

  /**
   * Waits until the program prints {@code text} after what was waited for before.
   *
   * @return what it printed since then, {@code text} included
   */
  public String await(String text) throws InterruptedException {
    long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(patienceSeconds);
    synchronized (screen) {
      int at = screen.indexOf(text, seen);
      while (at < 0) {
        long left = TimeUnit.NANOSECONDS.toMillis(end - System.nanoTime());
        if (left <= 0 || !reader.isAlive()) {
          throw new AssertionError("never printed: " + text + "\n" + screen);
        }
        screen.wait(Math.min(left, 1000));
        at = screen.indexOf(text, seen);
      }
      String between = screen.substring(seen, at + text.length());
      seen = at + text.length();
      return between;
    }
  }

  /** Types. */
  public void type(String keys) throws IOException {
    keyboard.write(keys.getBytes(StandardCharsets.ISO_8859_1));
    keyboard.flush();
  }

  /** Its number on the host. */
  public long pid() {
    return process.pid();
  }

  /** Waits for the end; the exit code. */
  public int exit() throws InterruptedException {
    if (!process.waitFor(patienceSeconds, TimeUnit.SECONDS)) {
      throw new AssertionError("does not end:\n" + screen());
    }
    reader.join();
    return process.exitValue();
  }

  /** All that was printed, with plain line ends. */
  public String screen() {
    synchronized (screen) {
      return screen.toString().replace("\r", "");
    }
  }

  @Override
  public void close() {
    process.destroyForcibly();
  }
}
