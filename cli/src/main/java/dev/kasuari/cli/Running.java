package dev.kasuari.cli;

import dev.kasuari.machine.Shutdown;
import dev.kasuari.vm.VirtualMachine;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/** A machine that is the whole purpose of the process, from its start to its end. */
final class Running {
  /** How long a machine may take to close when the process is told to end. */
  private static final long CLOSE_SECONDS = 10;

  private final VirtualMachine machine;
  private final String program;
  private final Streams streams;

  Running(VirtualMachine machine, String program, Streams streams) {
    this.machine = machine;
    this.program = program;
    this.streams = streams;
  }

  /**
   * Runs it and closes it.
   *
   * @return the exit code of the process
   */
  int untilEnd(boolean paused) throws InterruptedException {
    var hook = new Thread(this::signalled, "kasuari signal");
    Runtime.getRuntime().addShutdownHook(hook);
    Shutdown end;
    try (machine) {
      if (!paused) {
        machine.start();
      }
      VirtualMachine.hearInterrupt();
      end = machine.awaitShutdown();
    }
    try {
      Runtime.getRuntime().removeShutdownHook(hook);
    } catch (IllegalStateException e) {
      // A signal is ending the process; its exit code is the hook's affair.
      new CountDownLatch(1).await();
    }
    report(end);
    return end.exitCode();
  }

  private void report(Shutdown end) {
    Throwable failure = machine.machine().failure();
    if (failure != null) {
      streams
          .err()
          .println(
              program
                  + ": "
                  + FailureReport.write(program, java.util.List.of(end.reason()), failure));
    }
  }

  /** A signal ends the JVM. As in QEMU that is a clean end, with exit code 0. */
  private void signalled() {
    var closed = new CountDownLatch(1);
    Thread.ofPlatform()
        .daemon(true)
        .start(() -> {
          machine.close();
          closed.countDown();
        });
    try {
      if (!closed.await(CLOSE_SECONDS, TimeUnit.SECONDS)) {
        streams.err().println(program + ": the machine did not stop in time");
        return;
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return;
    }
    streams.err().println(program + ": ended by a signal");
    Runtime.getRuntime().halt(0);
  }
}
