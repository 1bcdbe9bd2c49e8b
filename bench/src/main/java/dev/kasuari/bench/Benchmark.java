package dev.kasuari.bench;

import java.util.List;

/** Something to be run in each emulator and timed. */
sealed interface Benchmark {
  /** How the command line and the report call it. */
  String name();

  Group group();

  /** What it does, in a line. */
  String doc();

  /** What of it is compared. */
  Measure measure();

  /** What of a run is compared. */
  enum Measure {
    /** Seconds that the guest took by its own clock. */
    GUEST,
    /** Seconds from the start of the process to its end, or to the line that is waited for. */
    PROCESS,
    /** Seconds from the start of the process to the guest's first byte. */
    FIRST_OUTPUT
  }

  /** How long it runs for. */
  enum Length {
    /** Work is added until the fastest emulator takes long enough. */
    CALIBRATED,
    /** As much as there is. */
    FIXED
  }

  /**
   * A bare-metal program of ours.
   *
   * @param source the C file without its ending
   * @param flags for the compiler, besides those that all have
   * @param paging whether the kernel runs in user mode behind page tables
   * @param cpus of the machine
   * @param measure what is compared
   */
  record Kernel(
      String name,
      Group group,
      String doc,
      String source,
      List<String> flags,
      boolean paging,
      int cpus,
      Length length,
      Measure measure)
      implements Benchmark {
    public Kernel {
      flags = List.copyOf(flags);
    }
  }

  /**
   * Debian's Linux until it prints something.
   *
   * @param until what it prints
   * @param cpus how many the machine has
   * @param again whether the emulator has run it before, and may know what it wrote down then
   */
  record Linux(String name, Group group, String doc, String until, int cpus, boolean again)
      implements Benchmark {
    @Override
    public Measure measure() {
      return Measure.PROCESS;
    }
  }
}
