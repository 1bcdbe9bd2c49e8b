package dev.kasuari.hw.intc;

import java.util.Arrays;

/**
 * The distributor of a {@link Gic2}: which interrupts there are, and which is the most urgent for a
 * CPU. Interrupts below 32 are each CPU's own.
 */
final class Gic2Distributor {
  /** Words of bits: the first of each CPU, then those that all share. */
  static final int WORDS = Gic2.MAX_CPUS + 31;

  private static final int SGIS = 16;
  private static final int BANKED = 32;
  private static final int ALL_SGIS = 0xffff;

  /** What changes. Words are found by {@link #word}, bytes by {@link #place}. */
  static final class State {
    /** Bit 0 enables group 0, bit 1 group 1. */
    int ctlr;

    final int[] group = new int[WORDS];
    final int[] enabled = sgis(ALL_SGIS);

    /** Edges that were not acknowledged, and what software has made pending. */
    final int[] latched = new int[WORDS];

    final int[] active = new int[WORDS];
    final int[] edge = sgis(ALL_SGIS);
    final byte[] priority = new byte[Gic2.MAX_CPUS * BANKED + 992];
    final byte[] targets = new byte[992];

    /** Which CPUs have sent each software-generated interrupt, for each CPU. */
    final byte[] sgi = new byte[Gic2.MAX_CPUS * SGIS];

    private static int[] sgis(int bits) {
      int[] words = new int[WORDS];
      Arrays.fill(words, 0, Gic2.MAX_CPUS, bits);
      return words;
    }
  }

  private final State state;
  private final int[] levels;
  private final Gic2.Props props;

  /**
   * A view of it.
   *
   * @param state what changes
   * @param levels of the inputs, a bit for each interrupt
   */
  Gic2Distributor(State state, int[] levels, Gic2.Props props) {
    this.state = state;
    this.levels = levels;
    this.props = props;
  }

  State state() {
    return state;
  }

  /** How many interrupts there are, with those of the CPU. */
  int interrupts() {
    return props.numIrq();
  }

  /** Where word {@code number} of a CPU's view is: interrupts 32 * number on. */
  static int word(int cpu, int number) {
    return number == 0 ? cpu : Gic2.MAX_CPUS - 1 + number;
  }

  /** Where the byte of an interrupt is. */
  static int place(int cpu, int id) {
    return id < BANKED ? cpu * BANKED + id : Gic2.MAX_CPUS * BANKED + id - BANKED;
  }

  void drive(int cpu, int id, boolean level) {
    int word = word(cpu, id / 32);
    int bit = 1 << id;
    if (level && (levels[word] & bit) == 0) {
      state.latched[word] |= bit & state.edge[word];
    }
    levels[word] = level ? levels[word] | bit : levels[word] & ~bit;
  }

  // What there is.

  int pending(int cpu, int number) {
    int word = word(cpu, number);
    int bits = state.latched[word] | (levels[word] & ~state.edge[word]);
    return number == 0 ? (bits & ~ALL_SGIS) | sentSgis(cpu) : bits;
  }

  private int sentSgis(int cpu) {
    int bits = 0;
    for (int id = 0; id < SGIS; id++) {
      bits |= state.sgi[cpu * SGIS + id] != 0 ? 1 << id : 0;
    }
    return bits;
  }

  int priority(int cpu, int id) {
    return state.priority[place(cpu, id)] & 0xff;
  }

  /** 0 or 1. */
  int group(int cpu, int id) {
    return state.group[word(cpu, id / 32)] >>> (id & 31) & 1;
  }

  /** The most urgent interrupt that is forwarded to a CPU, of equals the lowest. */
  int best(int cpu) {
    int best = Gic2.SPURIOUS;
    int least = 0x100;
    for (int number = 0; number < props.numIrq() / 32; number++) {
      int word = word(cpu, number);
      int groups =
          ((state.ctlr & 1) != 0 ? ~state.group[word] : 0)
              | ((state.ctlr & 2) != 0 ? state.group[word] : 0);
      int bits = pending(cpu, number) & state.enabled[word] & ~state.active[word] & groups;
      for (; bits != 0; bits &= bits - 1) {
        int id = 32 * number + Integer.numberOfTrailingZeros(bits);
        if (priority(cpu, id) < least && targets(cpu, id)) {
          best = id;
          least = priority(cpu, id);
        }
      }
    }
    return best;
  }

  private boolean targets(int cpu, int id) {
    return id < BANKED || (target(cpu, id) & 1 << cpu) != 0;
  }

  /** Which CPUs an interrupt goes to, a bit for each. A lone CPU gets all. */
  int target(int cpu, int id) {
    if (id < BANKED) {
      return 1 << cpu;
    }
    return props.numCpu() == 1 ? 1 : state.targets[id - BANKED] & 0xff;
  }

  void setTarget(int id, int cpus) {
    if (id >= BANKED) {
      state.targets[id - BANKED] = (byte) (cpus & ((1 << props.numCpu()) - 1));
    }
  }

  // What CPUs do.

  /**
   * A CPU takes an interrupt.
   *
   * @return which CPU has sent it, if any
   */
  int acknowledge(int cpu, int id) {
    int word = word(cpu, id / 32);
    state.active[word] |= 1 << id;
    if (id >= SGIS) {
      state.latched[word] &= ~(1 << id);
      return 0;
    }
    int source = Integer.numberOfTrailingZeros(state.sgi[cpu * SGIS + id] & 0xff) & 7;
    state.sgi[cpu * SGIS + id] &= (byte) ~(1 << source);
    return source;
  }

  void deactivate(int cpu, int id) {
    if (id < props.numIrq()) {
      state.active[word(cpu, id / 32)] &= ~(1 << id);
    }
  }

  /** Sends a software-generated interrupt. */
  void send(int from, int to, int id) {
    state.sgi[to * SGIS + id] |= (byte) (1 << from);
  }

  /** Takes back what some CPUs have sent, or sends it in their place. */
  void setSenders(int to, int id, int from, boolean on) {
    int at = to * SGIS + id;
    int cpus = from & ((1 << props.numCpu()) - 1);
    state.sgi[at] = (byte) (on ? state.sgi[at] | cpus : state.sgi[at] & ~from);
  }

  int senders(int to, int id) {
    return state.sgi[to * SGIS + id] & 0xff;
  }

  /** Makes all interrupts the non-secure world's. */
  void giveAway() {
    Arrays.fill(state.group, -1);
    Arrays.fill(state.priority, (byte) Gic2.NON_SECURE);
  }

  /** Makes what was restored fit, whoever wrote it. */
  void checked() {
    for (int i = 0; i < state.priority.length; i++) {
      state.priority[i] &= (byte) Gic2.PRIORITY_MASK;
    }
    for (int cpu = 0; cpu < Gic2.MAX_CPUS; cpu++) {
      state.enabled[cpu] |= ALL_SGIS;
      state.edge[cpu] |= ALL_SGIS;
    }
  }
}
