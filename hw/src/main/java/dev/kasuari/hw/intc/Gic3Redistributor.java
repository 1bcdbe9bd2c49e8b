package dev.kasuari.hw.intc;

import dev.kasuari.machine.Log;
import dev.kasuari.machine.LogCategory;
import dev.kasuari.machine.Registers;
import dev.kasuari.machine.memory.Dma;
import dev.kasuari.machine.memory.DmaFault;

/**
 * The redistributor of a CPU: its own interrupts, and messages. Which messages are pending, and how
 * urgent each is, are in tables in memory. IHI 0069, sections 5.1 and 12.10 to 12.12.
 */
final class Gic3Redistributor {
  /** What changes. */
  static final class State {
    final Gic3Bank.State bank = new Gic3Bank.State();

    /** ProcessorSleep and ChildrenAsleep, which are shown and have no effect. */
    boolean asleep = true;

    boolean messages;
    long propbaser;
    long pendbaser;

    /** The most urgent message that is pending and enabled, or -1. */
    int message = -1;

    int messagePriority;
  }

  private static final int SGI_BASE = 0x1_0000;
  private static final long LOW = 0xffff_ffffL;
  private static final long PROPBASER_BITS = 0x070f_ffff_ffff_ff9fL;
  private static final long PENDBASER_BITS = 0x070f_ffff_ffff_0f80L;
  private static final long PROPBASER_ADDRESS = 0x000f_ffff_ffff_f000L;
  private static final long PENDBASER_ADDRESS = 0x000f_ffff_ffff_0000L;
  private static final int ENABLED = 1;

  private final Gic3 gic;
  private final int cpu;
  private final Gic3Bank bank;
  private final Dma memory;
  private final Log log;

  Gic3Redistributor(Gic3 gic, int cpu, Gic3Bank.Surroundings around, Dma memory, Log log) {
    this.gic = gic;
    this.cpu = cpu;
    this.bank = new Gic3Bank(0, 1, 0xffff, around);
    this.memory = memory;
    this.log = log;
  }

  Gic3Bank bank() {
    return bank;
  }

  private State state() {
    return gic.visibleState().cpus[cpu];
  }

  Registers declare() {
    var registers =
        Registers.width(4)
            .accepts(1, 8)
            .at(0x0000, "GICR_CTLR")
            .field("ENABLELPIS", 0, 1, "messages interrupt")
            .field("CES", 1, 1, "that can be taken back")
            .reset(2)
            .read(() -> state().messages ? 3 : 2)
            .write(v -> enableMessages((v & 1) != 0))
            .at(0x0004, "GICR_IIDR")
            .constant(0x043b)
            .at(0x0008, "GICR_TYPER")
            .times(2, 4)
            .doc("PLPIS, Last, Processor_Number; the CPU's address")
            .readEach(half -> type() >>> (32 * half))
            .at(0x0010, "GICR_STATUSR")
            .constant(0)
            .write(v -> {})
            .at(0x0014, "GICR_WAKER")
            .field("PROCESSORSLEEP", 1, 1, "the CPU is to sleep")
            .field("CHILDRENASLEEP", 2, 1, "it does")
            .readBy((i, a) -> gic.nonSecure(a) || !state().asleep ? 0 : 6)
            .writeBy((i, v, a) -> {
              if (!gic.nonSecure(a)) {
                state().asleep = (v & 2) != 0;
              }
            })
            .at(0x0070, "GICR_PROPBASER")
            .times(2, 4)
            .doc("where messages are configured")
            .readWriteEach(
                half -> state().propbaser >>> (32 * half),
                (half, v) -> setPropbaser(with(state().propbaser, half, v)))
            .at(0x0078, "GICR_PENDBASER")
            .times(2, 4)
            .doc("where it is kept which messages are pending")
            .readWriteEach(
                half -> state().pendbaser >>> (32 * half),
                (half, v) -> setPendbaser(with(state().pendbaser, half, v)));
    GicIdentity.identify(registers, 0xffd0, 0x493, 3);
    bank.declare(registers, "GICR", SGI_BASE);
    return registers;
  }

  private static long with(long whole, int half, long value) {
    return half == 0 ? (whole & ~LOW) | value : (whole & LOW) | value << 32;
  }

  private long type() {
    boolean last = cpu == gic.props().numCpu() - 1;
    return gic.affinity(cpu) << 32
        | (long) cpu << 8
        | (last ? 0x10 : 0)
        | (gic.props().hasLpi() ? 1 : 0);
  }

  /** The tables stay where they are while messages interrupt. */
  private void setPropbaser(long value) {
    if (!state().messages) {
      state().propbaser = value & PROPBASER_BITS;
    }
  }

  private void setPendbaser(long value) {
    if (!state().messages) {
      state().pendbaser = value & PENDBASER_BITS;
    }
  }

  // Messages.

  private void enableMessages(boolean on) {
    if (gic.props().hasLpi() && on != state().messages) {
      state().messages = on;
      rescan();
    }
  }

  /** Interrupts are numbered below this. */
  private int limit() {
    int bits = Math.min((int) (state().propbaser & 0x1f) + 1, Gic3.ID_BITS);
    return 1 << bits;
  }

  private long pendingTable() {
    return state().pendbaser & PENDBASER_ADDRESS;
  }

  boolean isPending(int id) {
    return isMessage(id) && (pendingByte(id) & 1 << (id & 7)) != 0;
  }

  private boolean isMessage(int id) {
    return state().messages && id >= Gic3.FIRST_LPI && id < limit();
  }

  private int pendingByte(int id) {
    try {
      return memory.read8(pendingTable() + id / 8);
    } catch (DmaFault e) {
      tell(e);
      return 0;
    }
  }

  void setPending(int id, boolean on) {
    if (!isMessage(id)) {
      return;
    }
    int bit = 1 << (id & 7);
    int before = pendingByte(id);
    int after = on ? before | bit : before & ~bit;
    if (after != before) {
      try {
        memory.write8(pendingTable() + id / 8, after);
      } catch (DmaFault e) {
        tell(e);
      }
    }
    if (on) {
      consider(id);
    } else if (id == state().message) {
      rescan();
    }
  }

  /** Looks at all messages, after which the most urgent is known. */
  void rescan() {
    state().message = -1;
    state().messagePriority = 0x100;
    int limit = limit();
    if (!state().messages || limit <= Gic3.FIRST_LPI) {
      return;
    }
    int from = Gic3.FIRST_LPI / 8;
    try {
      byte[] pending = memory.read(pendingTable() + from, limit / 8 - from);
      for (int i = 0; i < pending.length; i++) {
        for (int bits = pending[i] & 0xff; bits != 0; bits &= bits - 1) {
          consider(8 * (from + i) + Integer.numberOfTrailingZeros(bits));
        }
      }
    } catch (DmaFault e) {
      tell(e);
    }
  }

  private void consider(int id) {
    int configuration;
    try {
      long table = state().propbaser & PROPBASER_ADDRESS;
      configuration = memory.read8(table + id - Gic3.FIRST_LPI);
    } catch (DmaFault e) {
      tell(e);
      return;
    }
    int given = configuration & 0xfc;
    int priority = (gic.oneWorld() ? given : 0x80 | given >> 1) & Gic3.PRIORITY_MASK;
    boolean first =
        state().message < 0
            || priority < state().messagePriority
            || (priority == state().messagePriority && id < state().message);
    if ((configuration & ENABLED) != 0 && first) {
      state().message = id;
      state().messagePriority = priority;
    } else if (id == state().message) {
      rescan(); // it is less urgent than it was
    }
  }

  void moveAll(Gic3Redistributor to) {
    if (!state().messages || to == this) {
      return;
    }
    for (int id = Gic3.FIRST_LPI; id < limit(); id++) {
      int bits = id % 8 == 0 ? pendingByte(id) : 1;
      if (bits == 0) {
        id += 7;
      } else if (isPending(id)) {
        setPending(id, false);
        to.setPending(id, true);
      }
    }
  }

  /** Shows the CPU the most urgent message. */
  void offerMessages(int groups, Gic3Best best) {
    boolean forwarded = (groups & 1 << Gic3Bank.GROUP_1_NON_SECURE) != 0;
    if (state().messages && state().message >= Gic3.FIRST_LPI && forwarded) {
      best.offer(state().message, state().messagePriority, Gic3Bank.GROUP_1_NON_SECURE);
    }
  }

  private void tell(DmaFault e) {
    log.write(
        LogCategory.GUEST_ERRORS,
        () -> "%s: tables of CPU %d: %s".formatted(gic.id(), cpu, e.getMessage()));
  }
}
