package dev.kasuari.hw.intc;

import dev.kasuari.machine.Registers;
import dev.kasuari.machine.memory.BusAccess;
import java.util.Arrays;
import java.util.function.IntUnaryOperator;

/**
 * Interrupts of a {@link Gic3} that are alike: those that all CPUs share, or those of one CPU. IHI
 * 0069, sections 12.9 (GICD) and 12.11 (GICR), whose registers are the same.
 */
final class Gic3Bank {
  /** Groups, in the order of their enables in GICD_CTLR. */
  static final int GROUP_0 = 0;

  static final int GROUP_1_NON_SECURE = 1;
  static final int GROUP_1_SECURE = 2;

  /** What changes. Bit n of word n / 32 belongs to the bank's interrupt n. */
  static final class State {
    final int[] group;
    final int[] modifier;
    final int[] enabled;

    /** Edges that were not acknowledged, and what software has made pending. */
    final int[] latched;

    final int[] active;
    final int[] edge;
    final byte[] priority;

    /** Of one CPU. */
    State() {
      this(1);
      edge[0] = 0xffff;
    }

    State(int words) {
      group = new int[words];
      modifier = new int[words];
      enabled = new int[words];
      latched = new int[words];
      active = new int[words];
      edge = new int[words];
      priority = new byte[32 * words];
    }
  }

  /** What the bank needs to know of its surroundings. */
  interface Surroundings {
    State state();

    /** True if only what belongs to the non-secure world is to be seen. */
    boolean nonSecure(BusAccess access);

    /** True if there is one world only. */
    boolean oneWorld();
  }

  private final int firstId;
  private final int words;
  private final int alwaysEdge;
  private final Surroundings around;

  /** The levels of the inputs. They are others' state, so that a reset leaves them. */
  private final int[] levels;

  /**
   * A bank.
   *
   * @param firstId the number of the first interrupt
   * @param words how many times 32 there are
   * @param alwaysEdge those of the first word that software sends
   */
  Gic3Bank(int firstId, int words, int alwaysEdge, Surroundings around) {
    this.firstId = firstId;
    this.words = words;
    this.alwaysEdge = alwaysEdge;
    this.around = around;
    this.levels = new int[words];
  }

  private State state() {
    return around.state();
  }

  boolean has(int id) {
    return id >= firstId && id < firstId + 32 * words;
  }

  void drive(int id, boolean level) {
    int index = id - firstId;
    int word = index / 32;
    int bit = 1 << index;
    if (level && (levels[word] & bit) == 0) {
      state().latched[word] |= bit & state().edge[word];
    }
    levels[word] = level ? levels[word] | bit : levels[word] & ~bit;
  }

  void makePending(int id) {
    state().latched[(id - firstId) / 32] |= 1 << (id - firstId);
  }

  private int pending(int word) {
    return state().latched[word] | (levels[word] & ~state().edge[word]);
  }

  int group(int id) {
    int index = id - firstId;
    int word = index / 32;
    if ((state().group[word] & 1 << index) != 0) {
      return GROUP_1_NON_SECURE;
    }
    boolean secure = !around.oneWorld() && (state().modifier[word] & 1 << index) != 0;
    return secure ? GROUP_1_SECURE : GROUP_0;
  }

  int priority(int id) {
    return state().priority[id - firstId] & 0xff;
  }

  void acknowledge(int id) {
    int index = id - firstId;
    state().active[index / 32] |= 1 << index;
    state().latched[index / 32] &= ~(1 << index);
  }

  void deactivate(int id) {
    int index = id - firstId;
    state().active[index / 32] &= ~(1 << index);
  }

  /**
   * Shows a CPU each interrupt that is pending and enabled and not active, in rising order.
   *
   * @param groups those that the distributor forwards, a bit for each
   * @param cpuOf the CPU that an interrupt goes to, or -1
   */
  void offer(int groups, IntUnaryOperator cpuOf, Gic3Best[] best) {
    for (int word = 0; word < words; word++) {
      int bits = pending(word) & state().enabled[word] & ~state().active[word];
      for (; bits != 0; bits &= bits - 1) {
        int id = firstId + 32 * word + Integer.numberOfTrailingZeros(bits);
        int group = group(id);
        int cpu = cpuOf.applyAsInt(id);
        if (cpu >= 0 && (groups & 1 << group) != 0) {
          best[cpu].offer(id, priority(id), group);
        }
      }
    }
  }

  // Registers.

  /**
   * Declares the registers that have a bit, two bits or a byte for each interrupt.
   *
   * @param prefix GICD or GICR
   * @param base of the frame
   */
  void declare(Registers registers, String prefix, long base) {
    int word = firstId / 32;
    String name = prefix + "_";
    registers
        .at(base + 0x080 + 4L * word, name + "IGROUPR")
        .times(words, 4)
        .doc("group 1 of the non-secure world; the secure world's")
        .readBy((i, a) -> around.nonSecure(a) ? 0 : state().group[i])
        .writeBy((i, v, a) -> writeSecure(state().group, i, v, a));
    bits(registers, base + 0x100, name + "ISENABLER", "enables", true, s -> s.enabled);
    bits(registers, base + 0x180, name + "ICENABLER", "disables", false, s -> s.enabled);
    pending(registers, base + 0x200, name + "ISPENDR", "makes pending", true);
    pending(registers, base + 0x280, name + "ICPENDR", "makes not pending", false);
    bits(registers, base + 0x300, name + "ISACTIVER", "makes active", true, s -> s.active);
    bits(registers, base + 0x380, name + "ICACTIVER", "makes inactive", false, s -> s.active);
    registers
        .at(base + 0x400 + firstId, name + "IPRIORITYR")
        .wide(1)
        .times(32 * words, 1)
        .doc("0 is the most urgent")
        .readBy((i, a) -> readPriority(i, a))
        .writeBy((i, v, a) -> writePriority(i, (int) v, a))
        .at(base + 0xc00 + 8L * word, name + "ICFGR")
        .times(2 * words, 4)
        .doc("bit 2n + 1: the interrupt is edge-triggered")
        .readBy((i, a) -> readConfiguration(i, a))
        .writeBy((i, v, a) -> writeConfiguration(i, (int) v, a))
        .at(base + 0xd00 + 4L * word, name + "IGRPMODR")
        .times(words, 4)
        .doc("group 1 of the secure world, where not of the other")
        .readBy((i, a) -> around.nonSecure(a) || around.oneWorld() ? 0 : state().modifier[i])
        .writeBy((i, v, a) -> writeSecure(state().modifier, i, v, a));
  }

  private interface Words {
    int[] of(State state);
  }

  private void bits(
      Registers registers, long at, String name, String doc, boolean set, Words words) {
    registers
        .at(at + 4L * (firstId / 32), name)
        .times(this.words, 4)
        .doc("a bit for each interrupt that it " + doc)
        .readBy((i, a) -> words.of(state())[i] & seen(i, a))
        .writeBy((i, v, a) -> change(words.of(state()), i, (int) v & seen(i, a), set));
  }

  private void pending(Registers registers, long at, String name, String doc, boolean set) {
    registers
        .at(at + 4L * (firstId / 32), name)
        .times(words, 4)
        .doc("a bit for each interrupt that it " + doc)
        .readBy((i, a) -> pending(i) & seen(i, a))
        .writeBy((i, v, a) -> change(state().latched, i, (int) v & seen(i, a), set));
  }

  private static void change(int[] words, int word, int bits, boolean set) {
    words[word] = set ? words[word] | bits : words[word] & ~bits;
  }

  /** The non-secure world sees its group 1 only. */
  private int seen(int word, BusAccess access) {
    return around.nonSecure(access) ? state().group[word] : -1;
  }

  private boolean sees(int index, BusAccess access) {
    return (seen(index / 32, access) & 1 << index) != 0;
  }

  private void writeSecure(int[] words, int word, long value, BusAccess access) {
    if (!around.nonSecure(access)) {
      words[word] = (int) value;
    }
  }

  /** The non-secure world has the lower half of the priorities, and sees it as the whole. */
  private int readPriority(int index, BusAccess access) {
    int priority = state().priority[index] & 0xff;
    if (!around.nonSecure(access)) {
      return priority;
    }
    return sees(index, access) ? priority << 1 & 0xff : 0;
  }

  private void writePriority(int index, int value, BusAccess access) {
    if (sees(index, access)) {
      int priority = around.nonSecure(access) ? 0x80 | value >> 1 : value;
      state().priority[index] = (byte) (priority & Gic3.PRIORITY_MASK);
    }
  }

  private long readConfiguration(int register, BusAccess access) {
    int half = (state().edge[register / 2] & seen(register / 2, access)) >>> (register % 2 * 16);
    long value = 0;
    for (int i = 0; i < 16; i++) {
      value |= (long) (half >>> i & 1) << (2 * i + 1);
    }
    return value;
  }

  private void writeConfiguration(int register, int value, BusAccess access) {
    int half = 0;
    for (int i = 0; i < 16; i++) {
      half |= (value >>> (2 * i + 1) & 1) << i;
    }
    int word = register / 2;
    int shift = register % 2 * 16;
    int mask = (0xffff << shift) & seen(word, access) & (word == 0 ? ~alwaysEdge : -1);
    state().edge[word] = (state().edge[word] & ~mask) | ((half << shift) & mask);
  }

  /** Makes all interrupts the non-secure world's. */
  void giveAway() {
    Arrays.fill(state().group, -1);
  }

  /** Makes what was restored fit, whoever wrote it. */
  void checked() {
    for (int i = 0; i < state().priority.length; i++) {
      state().priority[i] &= (byte) Gic3.PRIORITY_MASK;
    }
    state().edge[0] |= alwaysEdge;
  }
}
