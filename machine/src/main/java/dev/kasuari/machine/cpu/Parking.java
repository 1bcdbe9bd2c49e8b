package dev.kasuari.machine.cpu;

/**
 * A CPU that firmware has switched off executes nothing and no interrupt wakes it; one that
 * firmware has suspended waits for an interrupt and does something first when it comes.
 */
public final class Parking {
  private final Cpu cpu;
  private volatile boolean stopped;

  /** Started, and not yet back in the loop. */
  private volatile boolean starting;

  private Runnable onWake = () -> {};
  private boolean suspended;

  /** Of a CPU that runs. */
  public Parking(Cpu cpu) {
    this.cpu = cpu;
  }

  /** At a reset: it runs. Own thread, or while that is stopped. */
  public void reset() {
    stopped = false;
    starting = false;
    suspended = false;
  }

  /** Stops the CPU after the present instruction. Own thread. */
  public void stop() {
    stopped = true;
    starting = false;
    if (cpu.attached()) {
      cpu.vcpu().waitForInterrupt();
    }
  }

  /** True while the CPU is switched off. Any thread. */
  public boolean stopped() {
    return stopped;
  }

  /** Lets the CPU run after {@code setUp}, which is done on its thread. Any thread. */
  public void start(Runnable setUp) {
    cpu.vcpu()
        .post(() -> {
          setUp.run();
          starting = true;
          stopped = false;
          cpu.vcpu().kick();
        });
  }

  /**
   * Waits for an interrupt that is pending and enabled by itself, then runs {@code action} and goes
   * on. Own thread.
   */
  public void suspend(Runnable action) {
    onWake = action;
    suspended = true;
    cpu.vcpu().waitForInterrupt();
  }

  /** What a CPU that may be parked answers for {@link Cpu#hasWork}. Any thread. */
  public boolean hasWork(boolean interrupt) {
    return !stopped && (starting || interrupt);
  }

  /** The CPU is about to execute. Own thread. */
  public void awake() {
    starting = false;
    if (suspended) {
      suspended = false;
      onWake.run();
    }
  }
}
