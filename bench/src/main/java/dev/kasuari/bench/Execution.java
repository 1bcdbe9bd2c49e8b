package dev.kasuari.bench;

import java.io.ByteArrayOutputStream;
import java.io.File;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.lang.ProcessBuilder.Redirect;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;

/** Runs processes, one at a time, and takes their time. None outlives this one. */
final class Execution implements AutoCloseable {
  /** Where programs keep what spares them work the next time. */
  private static final String CACHE = "XDG_CACHE_HOME";

  private static final int KEPT_BYTES = 1 << 20;
  private static final double TICKS_PER_SECOND = 100; // of /proc, on every Linux
  private static final int CHILDREN_USER = 15; // field of /proc/self/stat, from 0; see proc(5)
  private static final int CHILDREN_SYSTEM = 16;

  private final Set<Process> running = ConcurrentHashMap.newKeySet();
  private final Thread atExit = new Thread(this::endAll, "end processes");

  Execution() {
    Runtime.getRuntime().addShutdownHook(atExit);
  }

  /**
   * Runs a command with nothing to read.
   *
   * @param limit after this it is ended
   * @param until if not null, it is ended as soon as it has printed this
   */
  Outcome run(List<String> command, Duration limit, @Nullable String until) {
    return run(command, limit, until, null, End.AT_ONCE);
  }

  /** What becomes of a process that has printed what was waited for. */
  enum End {
    AT_ONCE,
    /** It is asked to end, and may write down first what it wants to know the next time. */
    ASKED
  }

  /**
   * Runs a command with nothing to read.
   *
   * @param cache a folder in which it finds what earlier runs have left there; null for the user's
   * @param ending of a process that has printed what was waited for
   */
  Outcome run(
      List<String> command,
      Duration limit,
      @Nullable String until,
      @Nullable Path cache,
      End ending) {
    double cpu = childrenCpuSeconds();
    long start = System.nanoTime();
    Process process;
    try {
      ProcessBuilder builder =
          new ProcessBuilder(command)
              .redirectErrorStream(true)
              .redirectInput(Redirect.from(new File("/dev/null")));
      if (cache != null) {
        builder.environment().put(CACHE, cache.toString());
      }
      process = builder.start();
    } catch (IOException e) {
      return new Outcome(
          Outcome.End.NO_START, -1, String.valueOf(e.getMessage()), 0, 0, Double.NaN);
    }
    running.add(process);
    var late = new AtomicBoolean();
    Thread watch = Thread.ofVirtual().start(() -> endLate(process, limit, late));
    try {
      var screen = new Screen(start);
      boolean found = screen.read(process.getInputStream(), until);
      long end = System.nanoTime();
      if (found && ending == End.ASKED) {
        process.toHandle().destroy(); // Process.destroy() would close the stream that is read here
        process.getInputStream().transferTo(OutputStream.nullOutputStream());
      } else if (found) {
        end(process);
      }
      int status = process.waitFor();
      double seconds = ((found ? end : System.nanoTime()) - start) / 1e9;
      Outcome.End how =
          found ? Outcome.End.FOUND : late.get() ? Outcome.End.TIMEOUT : Outcome.End.EXIT;
      return new Outcome(
          how, status, screen.text(), seconds, childrenCpuSeconds() - cpu, screen.firstOutput);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return new Outcome(Outcome.End.TIMEOUT, -1, "interrupted", 0, 0, Double.NaN);
    } catch (IOException e) {
      return new Outcome(Outcome.End.TIMEOUT, -1, "it did not end: " + e, 0, 0, Double.NaN);
    } finally {
      watch.interrupt();
      end(process);
      running.remove(process);
    }
  }

  private static void endLate(Process process, Duration limit, AtomicBoolean late) {
    try {
      if (!process.waitFor(limit.toMillis(), TimeUnit.MILLISECONDS)) {
        late.set(true);
        end(process);
      }
    } catch (InterruptedException e) {
      // It has ended in time.
    }
  }

  /** Parents first, or they still say that their children were killed, and go on. */
  private static void end(Process process) {
    List<ProcessHandle> children = process.descendants().toList();
    process.destroyForcibly();
    children.forEach(ProcessHandle::destroyForcibly);
  }

  private void endAll() {
    running.forEach(Execution::end);
  }

  /** What children that have ended have used of the processors; 0 where that is not known. */
  private static double childrenCpuSeconds() {
    try {
      String stat = Files.readString(Path.of("/proc/self/stat"));
      // The second field is the name, in parentheses; it may contain blanks.
      String[] fields = stat.substring(stat.lastIndexOf(')') + 2).split(" ", -1);
      long ticks =
          Long.parseLong(fields[CHILDREN_USER - 2]) + Long.parseLong(fields[CHILDREN_SYSTEM - 2]);
      return ticks / TICKS_PER_SECOND;
    } catch (IOException | NumberFormatException | IndexOutOfBoundsException e) {
      return 0;
    }
  }

  @Override
  public void close() {
    endAll();
    Runtime.getRuntime().removeShutdownHook(atExit);
  }

  /** What a process prints. */
  private static final class Screen {
    private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    private final long start;
    private double firstOutput = Double.NaN;

    Screen(long start) {
      this.start = start;
    }

    /** Reads to the end, or until {@code until} was printed: then true. */
    boolean read(InputStream in, @Nullable String until) {
      byte[] buffer = new byte[4096];
      try {
        for (int n = in.read(buffer); n > 0; n = in.read(buffer)) {
          if (bytes.size() == 0) {
            firstOutput = (System.nanoTime() - start) / 1e9;
          }
          if (bytes.size() < KEPT_BYTES) {
            bytes.write(buffer, 0, n);
          }
          if (until != null && text().contains(until)) {
            return true;
          }
        }
      } catch (IOException e) {
        // The pipe is gone with the process.
      }
      return false;
    }

    String text() {
      return bytes.toString(StandardCharsets.ISO_8859_1);
    }
  }
}
