package dev.kasuari.demo;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** The demo kernel under QEMU, with its console on pipes. */
final class Qemu implements AutoCloseable {
  static final String PROGRAM = "qemu-system-riscv64";
  private static final int PATIENCE_SECONDS = 180;

  private final Process process;
  private final OutputStream keyboard;
  private final StringBuilder screen = new StringBuilder();
  private final Thread reader;
  private int seen;

  private Qemu(Process process) {
    this.process = process;
    keyboard = process.getOutputStream();
    reader = Thread.ofVirtual().start(this::read);
  }

  static boolean installed() {
    return List.of(System.getenv("PATH").split(":")).stream()
        .anyMatch(directory -> Files.isExecutable(Path.of(directory, PROGRAM)));
  }

  /** Starts it with these boot arguments; {@code more} are QEMU's options. */
  static Qemu start(Path directory, String bootArguments, String... more) throws IOException {
    Path kernel = Files.write(directory.resolve("Image"), DemoKernel.image());
    var command = new ArrayList<>(List.of(PROGRAM, "-M", "virt", "-nographic", "-no-reboot"));
    command.addAll(List.of("-kernel", kernel.toString(), "-append", bootArguments));
    command.addAll(List.of("-global", "virtio-mmio.force-legacy=false"));
    command.addAll(List.of(more));
    return new Qemu(new ProcessBuilder(command).redirectErrorStream(true).start());
  }

  /** QEMU's options for a virtio disk. */
  static String[] disk(Path image, String more) {
    return new String[] {
      "-drive",
      "if=none,id=d,format=raw,file=" + image + more,
      "-device",
      "virtio-blk-device,drive=d"
    };
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
      // It is gone; what it has printed stays.
    }
  }

  /** Waits until the guest prints this, after what was waited for before. */
  void await(String text) throws InterruptedException {
    long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(PATIENCE_SECONDS);
    synchronized (screen) {
      int at;
      while ((at = screen.indexOf(text, seen)) < 0) {
        long left = TimeUnit.NANOSECONDS.toMillis(end - System.nanoTime());
        if (left <= 0) {
          throw new AssertionError("never printed: " + text + "\n" + screen);
        }
        screen.wait(left);
      }
      seen = at + text.length();
    }
  }

  void type(String keys) throws IOException {
    keyboard.write(keys.getBytes(StandardCharsets.ISO_8859_1));
    keyboard.flush();
  }

  /** Waits for the end of the machine; its exit status. */
  int exit() throws InterruptedException {
    if (!process.waitFor(PATIENCE_SECONDS, TimeUnit.SECONDS)) {
      throw new AssertionError("does not end\n" + screen());
    }
    reader.join();
    return process.exitValue();
  }

  /** All that the guest has printed, with plain line ends. */
  String screen() {
    synchronized (screen) {
      return screen.toString().replace("\r", "");
    }
  }

  @Override
  public void close() {
    process.destroyForcibly();
  }
}
