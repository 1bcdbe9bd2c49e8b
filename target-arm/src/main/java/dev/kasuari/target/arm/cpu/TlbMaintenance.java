package dev.kasuari.target.arm.cpu;

import dev.kasuari.machine.cpu.GuestState;
import dev.kasuari.target.arm.isa.A64SystemOperations;
import java.util.Arrays;

/**
 * TLB maintenance instructions. What is cached is told apart by ASID, but not by VMID, as who
 * changes that forgets everything; and none of them tells levels of translation or regimes apart,
 * nor those of a page by ASID. Source: DDI 0487, C5.5 and D8.14.
 *
 * <p>Those for the inner or outer shareable domain are for all processing elements. They are
 * collected, and reach the others when the one that issued them executes DSB, which waits.
 */
final class TlbMaintenance {
  private static final int OUTER = 1;
  private static final int RANGE_INNER = 2;
  private static final int INNER = 3;
  private static final int RANGE_OUTER = 5;
  private static final int RANGE = 6;
  private static final int FIRST_OF_STAGE_2 = 0;
  private static final int SECOND_OF_STAGE_2 = 4;

  private static final long HCR_FB = 1 << 9;

  /** TCR_ELx.A1: TTBR1 has the ASID. */
  private static final long A1 = 1 << 22;

  /** TCR_EL1.AS: ASIDs have 16 bits. */
  private static final long AS = 1L << 36;

  private static final long PAGE = 4096;

  /** Pages of a range that are forgotten one by one; of more everything is. */
  private static final long MOST_PAGES = 64;

  private static final int MOST_COLLECTED = 32;

  private final ArmCpu cpu;
  private final GuestState state;

  /** Of each operation 1 if there is one, −1 if not, 0 if nobody has asked yet. */
  private final byte[] known = new byte[1 << 14];

  private final int[] operations = new int[MOST_COLLECTED];
  private final long[] values = new long[MOST_COLLECTED];
  private int collected;
  private boolean everything;

  TlbMaintenance(ArmCpu cpu) {
    this.cpu = cpu;
    this.state = cpu.state();
  }

  // ---- which there are -------------------------------------------------------------------------

  private static int crm(int operation) {
    return operation >> 3 & 15;
  }

  private static int op1(int operation) {
    return operation >> 11 & 7;
  }

  private static boolean isRange(int operation) {
    return switch (crm(operation)) {
      case RANGE_INNER, RANGE_OUTER, RANGE -> true;
      case FIRST_OF_STAGE_2 -> (operation & 3) == 2;
      case SECOND_OF_STAGE_2 -> (operation & 2) != 0;
      default -> false;
    };
  }

  /** Whether it is for the outer shareable domain. */
  private static boolean isOuter(int operation) {
    int op2 = operation & 7;
    return switch (crm(operation)) {
      case OUTER, RANGE_OUTER -> true;
      case SECOND_OF_STAGE_2 -> (op2 & 3) == 0 || (op2 & 3) == 3;
      default -> false;
    };
  }

  /** Whether it is for the inner shareable domain. */
  private static boolean isInner(int operation) {
    return switch (crm(operation)) {
      case FIRST_OF_STAGE_2, RANGE_INNER, INNER -> true;
      default -> false;
    };
  }

  /** Whether there is such an operation here. */
  boolean exists(int operation) {
    if (known[operation] == 0) {
      known[operation] = (byte) (isThere(operation) ? 1 : -1);
    }
    return known[operation] > 0;
  }

  private boolean isThere(int operation) {
    if (op1(operation) == 6 && A64SystemOperations.name(operation).contains("pa")) {
      return false; // granule protection
    }
    int there = cpu.model().field("id_aa64isar0_el1", 56);
    return A64SystemOperations.name(operation).startsWith("tlbi")
        && (!isRange(operation) || there >= 2)
        && (!isOuter(operation) || there >= 1);
  }

  // ---- performing ------------------------------------------------------------------------------

  void perform(int operation, long value) {
    apply(cpu, operation, value);
    state.set(ArmState.SHOOTDOWN, 1);
    boolean forced = cpu.level() == 1 && cpu.exceptions().hypervisor(HCR_FB);
    if (isInner(operation) || isOuter(operation) || forced) {
      collect(operation, value);
    }
  }

  private void collect(int operation, long value) {
    if (collected == MOST_COLLECTED) {
      everything = true;
    } else {
      operations[collected] = operation;
      values[collected] = value;
      collected++;
    }
  }

  /** Has the others do what was collected, and waits for them. */
  void complete() {
    if (collected == 0) {
      reset();
      return;
    }
    int[] told = Arrays.copyOf(operations, collected);
    long[] with = Arrays.copyOf(values, collected);
    boolean all = everything;
    reset();
    cpu.vcpu().beginOnOthers(other -> applyAll((ArmCpu) other, told, with, all)).run();
  }

  private static void applyAll(ArmCpu on, int[] operations, long[] values, boolean everything) {
    if (everything) {
      on.flushTlb();
      return;
    }
    for (int i = 0; i < operations.length; i++) {
      apply(on, operations[i], values[i]);
    }
  }

  /** Nothing is collected any more. */
  void reset() {
    collected = 0;
    everything = false;
    state.set(ArmState.SHOOTDOWN, 0);
  }

  // ---- on one processing element ---------------------------------------------------------------

  private static void apply(ArmCpu on, int operation, long value) {
    int crm = crm(operation);
    int op2 = operation & 7;
    if (crm == FIRST_OF_STAGE_2 || crm == SECOND_OF_STAGE_2) {
      on.flushTlb(); // what is cached does not tell its intermediate address
    } else if (isRange(operation)) {
      range(on, value);
    } else if (op2 == 2) {
      space(on, value >>> 48);
    } else if (op2 == 0 || op2 == 4 || op2 == 6) {
      on.flushTlb();
    } else {
      page(on, value << 20 >> 8);
    }
  }

  private static void page(ArmCpu on, long va) {
    if (on.mmu().forgetTagged()) {
      on.flushTlb();
    } else {
      on.flushTlbPage(va);
    }
  }

  /** By ASID; entries that are global may go as well. */
  private static void space(ArmCpu on, long asid) {
    boolean wide1 = wide(on.state(), 1);
    boolean wide2 = wide(on.state(), 2);
    on.flushTlb(id -> same(id, asid, wide1) || same(id >>> 16, asid, wide2));
  }

  private static boolean same(long asid, long other, boolean wide) {
    return (asid ^ other) << (wide ? 48 : 56) == 0;
  }

  /** What tells translations apart: the ASIDs in use in EL1&0 and in EL2&0. */
  static long addressSpace(GuestState state) {
    return asid(state, 2) << 16 | asid(state, 1);
  }

  private static boolean wide(GuestState state, int level) {
    return (state.get(ArmState.TCR, level) & AS) != 0;
  }

  /** The ASID in use in EL1&0, or in EL2&0. */
  static long asid(GuestState state, int level) {
    boolean upper = (state.get(ArmState.TCR, level) & A1) != 0;
    long asid = state.get(upper ? ArmState.TTBR1 : ArmState.TTBR0, level) >>> 48;
    return wide(state, level) ? asid : asid & 0xff;
  }

  /** BaseADDR, NUM, SCALE and TG of a range (C5.5.48). */
  private static void range(ArmCpu on, long value) {
    int granule = (int) (value >>> 46) & 3;
    int scale = (int) (value >>> 44) & 3;
    long number = value >>> 39 & 31;
    if (granule == 0) {
      on.flushTlb(); // reserved
      return;
    }
    int shift = 10 + 2 * granule;
    long bytes = (number + 1) << (5 * scale + 1 + shift);
    long base = (value << 27 >> 27) << shift;
    // With 52-bit addresses the base is in units of 64 KiB, which registers of others tell.
    if (bytes / PAGE > MOST_PAGES || on.mmu().forgetTagged() || on.usesWideAddresses()) {
      on.flushTlb();
      return;
    }
    for (long at = 0; at < bytes; at += PAGE) {
      on.flushTlbPage(base + at);
    }
  }
}
