package dev.kasuari.machine;

/**
 * What executes guest code for a machine, as the machine sees it: an accelerator registers one for
 * each vCPU thread, or one for all. None of these calls is made with the machine's lock held, but
 * {@link #requestPause}.
 */
public interface ExecutionControl {
  /** A name for reports. */
  String name();

  /**
   * Takes from the host what it needs, and waits for what was begun before. Called once, before
   * {@link #start}, on the thread that makes the machine; what it throws ends the making.
   */
  default void prepare() {}

  /** Makes the threads, paused. Called once. */
  void start();

  /** Executes guest code until told otherwise. */
  void resume();

  /**
   * Asks to stop executing guest code; returns at once. May be called from any thread, also from
   * the one that executes and with the machine's lock held.
   */
  void requestPause();

  /** Returns when no guest code is executed any more and device state is not touched. */
  void awaitPaused();

  /** Brings CPUs to their reset state. Called while paused. */
  void reset();

  /** Stops for good, joins the threads and gives back what they took. Called once, any time. */
  void close();
}
