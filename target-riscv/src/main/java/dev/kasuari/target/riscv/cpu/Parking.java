package dev.kasuari.target.riscv.cpu;

/**
 * A hart that firmware has switched off executes nothing and no interrupt wakes it; one that
 * firmware has suspended waits for an interrupt and does something first when it comes.
 */
public final class Parking {
  private final RiscvCpu hart;
  private volatile boolean stopped;

  /** Started, and not yet back in the loop. */
  private volatile boolean starting;

  private Runnable onWake = () -> {};
  private boolean suspended;

  Parking(RiscvCpu hart) {
    this.hart = hart;
  }

  void reset() {
    stopped = false;
    starting = false;
    suspended = false;
  }

  /** Stops the hart after the present instruction. Own thread. */
  public void stop() {
    stopped = true;
    starting = false;
    if (hart.attached()) {
      hart.vcpu().waitForInterrupt();
    }
  }

  /** True while the hart is switched off. Any thread. */
  public boolean stopped() {
    return stopped;
  }

  /** Lets the hart run after {@code setUp}, which is done on its thread. Any thread. */
  public void start(Runnable setUp) {
    hart.vcpu()
        .post(() -> {
          setUp.run();
          starting = true;
          stopped = false;
          hart.vcpu().kick();
        });
  }

  /**
   * Waits for an interrupt that is pending and enabled by itself, then runs {@code action} and goes
   * on. Own thread.
   */
  public void suspend(Runnable action) {
    onWake = action;
    suspended = true;
    hart.vcpu().waitForInterrupt();
  }

  /** Any thread. */
  boolean hasWork(boolean interrupt) {
    return !stopped && (starting || interrupt);
  }

  /** The hart is about to execute. Own thread. */
  void awake() {
    starting = false;
    if (suspended) {
      suspended = false;
      onWake.run();
    }
  }
}
