package dev.kasuari.guests;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** QEMU with its console on pipes: a test types and waits for what the guest prints. */
final class Qemu implements AutoCloseable {
  private static final long PATIENCE_SECONDS = 180;

  private final Process process;
  private final OutputStream keyboard;
  private final StringBuilder screen = new StringBuilder();
  private final Thread reader;
  private int seen;

  private Qemu(Process process) {
    this.process = process;
    this.keyboard = process.getOutputStream();
    this.reader = Thread.ofVirtual().start(this::read);
  }

  static Qemu riscv64(LinuxGuest guest, String memory, List<String> more) throws IOException {
    if (Command.find("qemu-system-riscv64", System.getenv()) == null) {
      throw new AssertionError(
          "qemu-system-riscv64 is not installed: apt-get install qemu-system-misc");
    }
    List<String> command = new ArrayList<>(List.of("qemu-system-riscv64", "-M", "virt"));
    command.addAll(List.of("-m", memory, "-nographic", "-no-reboot"));
    command.addAll(List.of("-kernel", guest.kernel().toString()));
    command.addAll(List.of("-initrd", guest.initrd().toString()));
    command.addAll(List.of("-append", guest.append() + " quiet"));
    command.addAll(more);
    return new Qemu(new ProcessBuilder(command).redirectErrorStream(true).start());
  }

  private void read() {
    byte[] buffer = new byte[4096];
    try (InputStream in = process.getInputStream()) {
      for (int n = in.read(buffer); n > 0; n = in.read(buffer)) {
        synchronized (screen) {
          screen.append(new String(buffer, 0, n, StandardCharsets.ISO_8859_1));
          screen.notifyAll();
        }
      }
    } catch (IOException e) {
      // The process is gone: the transcript ends here.
    }
  }

  String transcript() {
    synchronized (screen) {
      return screen.toString();
    }
  }

  /** Waits for a text after what was waited for before; returns all in between. */
  String waitFor(String text) throws InterruptedException {
    long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(PATIENCE_SECONDS);
    synchronized (screen) {
      while (true) {
        boolean last = !reader.isAlive() || System.nanoTime() > end;
        int at = screen.indexOf(text, seen);
        if (at >= 0) {
          String between = screen.substring(seen, at + text.length());
          seen = at + text.length();
          return between;
        }
        if (last) {
          throw new AssertionError("the guest did not print '" + text + "':\n" + screen);
        }
        screen.wait(200);
      }
    }
  }

  void type(String text) throws IOException {
    keyboard.write(text.getBytes(StandardCharsets.UTF_8));
    keyboard.flush();
  }

  void waitForExit() throws InterruptedException {
    if (!process.waitFor(PATIENCE_SECONDS, TimeUnit.SECONDS)) {
      throw new AssertionError("the guest did not power off:\n" + transcript());
    }
    if (process.exitValue() != 0) {
      throw new AssertionError("QEMU ended with " + process.exitValue() + "\n" + transcript());
    }
  }

  @Override
  public void close() {
    process.destroyForcibly();
  }
}
