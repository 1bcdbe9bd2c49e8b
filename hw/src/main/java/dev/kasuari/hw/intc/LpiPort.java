package dev.kasuari.hw.intc;

/**
 * Where a {@link Gic3} takes interrupts that are messages, from whoever has found out which and for
 * whom. Numbers that are none have no effect. Under the machine's lock.
 */
public interface LpiPort {
  /** How many CPUs there are. */
  int cpus();

  /** Makes an interrupt pending at a CPU, or not. */
  void setPending(int cpu, int id, boolean on);

  /** Software has changed what a CPU's interrupts are configured to. */
  void invalidate(int cpu);

  /** Moves an interrupt that is pending to another CPU. */
  void move(int from, int to, int id);

  /** Moves all that are pending to another CPU. */
  void moveAll(int from, int to);
}
