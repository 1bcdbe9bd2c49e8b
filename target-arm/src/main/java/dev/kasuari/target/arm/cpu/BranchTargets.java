package dev.kasuari.target.arm.cpu;

import dev.kasuari.machine.cpu.Access;
import dev.kasuari.machine.cpu.PageTranslation;

/**
 * Where indirect branches may lead in guarded pages: FEAT_BTI. Source: DDI 0487, D8.4.6 "Branch
 * target identification" and the function BTypeCompatible.
 *
 * <p>A branch that was welcome once is not looked at again, and leaves PSTATE.BTYPE zero. So what
 * is raised by a load, say, that such a branch led to has a BTYPE of zero in SPSR_ELx, where the
 * manual has that of the branch. Branch Target exceptions, and instructions that call, have it.
 */
public final class BranchTargets {
  /** BTYPE of BR by X16 or X17, as linkers make it, and of any BR in a page without guard. */
  public static final int LINKED = 1;

  /** BTYPE of BLR. */
  public static final int CALL = 2;

  /**
   * BTYPE of BR by another register; it is {@link #LINKED} if the page of the branch has no guard.
   */
  public static final int JUMP = 3;

  private static final int ANY = 1 << LINKED | 1 << CALL | 1 << JUMP;
  private static final int CALLS = 1 << LINKED | 1 << CALL;
  private static final int JUMPS = 1 << LINKED | 1 << JUMP;

  private final ArmCpu cpu;
  private final PageTranslation found = new PageTranslation();

  BranchTargets(ArmCpu cpu) {
    this.cpu = cpu;
  }

  /** An indirect branch has been taken: PSTATE.BTYPE becomes what its kind says. */
  void branched(int kind, long from) {
    if (kind == 0) {
      return; // BTYPE is zero while something runs
    }
    int type = kind == JUMP && !guarded(from) ? LINKED : kind;
    set(type);
  }

  private void set(int type) {
    long others = cpu.state().get(ArmState.PSTATE) & ~Pstate.BTYPE;
    cpu.state().set(ArmState.PSTATE, others | (long) type << Pstate.BTYPE_SHIFT);
  }

  /** As {@link ArmCpu#enter} says, where PSTATE.BTYPE is not zero. */
  int enter(int type) {
    int instruction = cpu.instruction();
    int welcome = guarded(cpu.pc()) ? welcome(instruction, strict()) : ANY;
    if ((welcome >> type & 1) == 0) {
      cpu.raise(Syndrome.BTI | type, 0);
      return -1;
    }
    if (raises(instruction)) {
      return 0; // with BTYPE in SPSR
    }
    set(0);
    return welcome;
  }

  /**
   * SVC, BRK and others of which an exception is all that comes; and what is undefined for ever.
   */
  private static boolean raises(int instruction) {
    return instruction >>> 24 == 0xd4 || instruction >>> 16 == 0;
  }

  /** An instruction that raises was answered by firmware: it counts as run. */
  void done() {
    set(0);
  }

  private boolean guarded(long address) {
    Mmu mmu = cpu.mmu();
    return mmu.anyGuarded()
        && mmu.translate(address, 4, Access.EXECUTE, cpu.fetchMmuIndex(), found)
        && mmu.guarded();
  }

  private boolean strict() {
    return ArmMode.strictTargets(cpu.mode());
  }

  /**
   * The branches, a bit for each BTYPE, that may lead to an instruction in a guarded page. Whatever
   * {@link #JUMP} may, {@link #LINKED} may, too.
   *
   * @param strict SCTLR_ELx.BT: a signing of the link register is no target of jumps
   */
  static int welcome(int instruction, boolean strict) {
    if ((instruction & 0xffff_ff3f) == 0xd503_241f) {
      return switch (instruction >> 6 & 3) {
        case 0 -> 0;
        case 1 -> CALLS;
        case 2 -> JUMPS;
        default -> ANY;
      };
    }
    boolean signs = instruction == 0xd503_233f || instruction == 0xd503_237f;
    if (signs) {
      return strict ? CALLS : ANY;
    }
    boolean stops =
        (instruction & 0xffe0_001f) == 0xd420_0000 || (instruction & 0xffe0_001f) == 0xd440_0000;
    return stops ? ANY : 0;
  }
}
