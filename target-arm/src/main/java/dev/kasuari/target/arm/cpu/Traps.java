package dev.kasuari.target.arm.cpu;

import dev.kasuari.machine.cpu.GuestState;
import dev.kasuari.target.arm.cpu.SystemRegister.Guard;

/**
 * The controls by which a level traps what lower ones do: guards for system registers and system
 * instructions. Source: DDI 0487, D1.5 and the registers' own descriptions.
 */
final class Traps {
  // SCTLR_ELx.
  static final long UMA = 1 << 9;
  static final long DZE = 1 << 14;
  static final long UCT = 1 << 15;
  static final long NTWI = 1 << 16;
  static final long NTWE = 1 << 18;
  static final long TSCXT = 1 << 20;
  static final long UCI = 1 << 26;

  // HCR_EL2.
  static final long TWI = 1 << 13;
  static final long TWE = 1 << 14;
  static final long TID1 = 1 << 16;
  static final long TID2 = 1 << 17;
  static final long TID3 = 1 << 18;
  static final long TSC = 1 << 19;
  static final long TIDCP = 1 << 20;
  static final long TACR = 1 << 21;
  static final long TSW = 1 << 22;
  static final long TPCP = 1 << 23;
  static final long TPU = 1 << 24;
  static final long TTLB = 1 << 25;
  static final long TVM = 1 << 26;
  static final long TDZ = 1 << 28;
  static final long HCD = 1 << 29;
  static final long TRVM = 1 << 30;
  static final long TLOR = 1L << 35;
  static final long TERR = 1L << 36;
  static final long APK = 1L << 40;
  static final long API = 1L << 41;
  static final long EN_SCXT = 1L << 53;

  // MDCR_EL2 and MDCR_EL3.
  static final long TPMCR = 1 << 5;
  static final long TPM = 1 << 6;
  static final long TDE = 1 << 8;
  static final long TDA = 1 << 9;
  static final long TDOSA = 1 << 10;
  static final long TDRA = 1 << 11;

  // SCR_EL3.
  static final long SCR_TWI = 1 << 12;
  static final long SCR_TWE = 1 << 13;
  static final long SCR_TLOR = 1 << 14;
  static final long SCR_TERR = 1 << 15;
  static final long SCR_APK = 1 << 16;
  static final long SCR_API = 1 << 17;
  static final long SCR_EN_SCXT = 1 << 25;
  static final long SCR_HXEN = 1L << 38;

  /** Without these bits the levels below are denied what they find that there is. */
  static final long SCR_PERMITTING = SCR_APK | SCR_API | SCR_EN_SCXT | SCR_HXEN;

  private final ArmCpu cpu;
  private final GuestState state;

  Traps(ArmCpu cpu) {
    this.cpu = cpu;
    this.state = cpu.state();
  }

  // ---- controls --------------------------------------------------------------------------------

  /** The level whose SCTLR controls EL0. */
  int aboveEl0() {
    return cpu.hypervisorHost(2) ? 2 : 1;
  }

  /** Whether a bit of HCR_EL2 is in force at a level. */
  boolean hcr(int level, long bit) {
    return level < 2 && cpu.exceptions().hypervisor(bit) && (level == 1 || !cpu.hypervisorHost(2));
  }

  private boolean mdcr(int level, long bit) {
    return level < 2 && cpu.el2Enabled() && (state.get(ArmState.MDCR, 2) & bit) != 0;
  }

  /** Whether a bit of SCR_EL3 is set, and there is an EL3 above a level. */
  boolean scr(int level, long bit) {
    return below3(level) && (state.get(ArmState.SCR) & bit) != 0;
  }

  private boolean below3(int level) {
    return level < 3 && cpu.model().hasSecureMonitor();
  }

  // ---- guards ----------------------------------------------------------------------------------

  /** What one permits the other is asked about. */
  static Guard both(Guard first, Guard second) {
    return (level, writes) -> {
      int result = first.check(level, writes);
      return result != Guard.PERMITTED ? result : second.check(level, writes);
    };
  }

  /** EL0 needs a bit of SCTLR. */
  Guard el0(long allowed) {
    return (level, writes) -> {
      if (level != 0) {
        return Guard.PERMITTED;
      }
      int control = aboveEl0();
      boolean permitted = (state.get(ArmState.SCTLR, control) & allowed) != 0;
      // What EL1 would trap is EL2's if EL1 is not there for EL0 (HCR_EL2.TGE).
      return permitted ? Guard.PERMITTED : cpu.exceptions().trapTarget(control);
    };
  }

  /** The level to which HCR_EL2 or SCR_EL3 traps a wait; 0 for none. */
  int waiting(int level, boolean forInterrupt) {
    if (hcr(level, forInterrupt ? TWI : TWE)) {
      return 2;
    }
    return scr(level, forInterrupt ? SCR_TWI : SCR_TWE) ? 3 : Guard.PERMITTED;
  }

  /** HCR_EL2 traps reads and writes. */
  Guard hcr(long bits) {
    return (level, writes) -> hcr(level, bits) ? 2 : Guard.PERMITTED;
  }

  /** TVM and TRVM. */
  Guard virtualMemory() {
    return (level, writes) -> hcr(level, writes ? TVM : TRVM) ? 2 : Guard.PERMITTED;
  }

  /** HCR_EL2 and SCR_EL3 trap. */
  Guard hcrAndScr(long hcrBits, long scrBits) {
    return (level, writes) -> hcr(level, hcrBits) ? 2 : scr(level, scrBits) ? 3 : Guard.PERMITTED;
  }

  /** MDCR_EL2, which has TDE for all of them, and MDCR_EL3 trap. */
  Guard debug(long bit) {
    return (level, writes) -> {
      if (mdcr(level, bit | TDE)) {
        return 2;
      }
      long above = bit == TDOSA ? TDOSA : TDA;
      boolean monitor = below3(level) && (state.get(ArmState.MDCR, 3) & above) != 0;
      return monitor ? 3 : Guard.PERMITTED;
    };
  }

  /** Bits of MDCR_EL2, and TPM of MDCR_EL3, trap. */
  Guard monitors(long bits) {
    return (level, writes) -> {
      if (mdcr(level, bits)) {
        return 2;
      }
      boolean monitor = below3(level) && (state.get(ArmState.MDCR, 3) & TPM) != 0;
      return monitor ? 3 : Guard.PERMITTED;
    };
  }

  /** Undefined in the secure state. */
  Guard nonSecure() {
    return (level, writes) ->
        cpu.model().hasSecureMonitor() && !scr(0, Exceptions.SCR_NS)
            ? Guard.UNDEFINED
            : Guard.PERMITTED;
  }

  /** The bits of HCR_EL2 and SCR_EL3 that SCXTNUM registers need. */
  Guard contextNumber() {
    return (level, writes) -> {
      if (level == 0 && (state.get(ArmState.SCTLR, aboveEl0()) & TSCXT) != 0) {
        return cpu.exceptions().trapTarget(aboveEl0());
      }
      boolean hosted = level == 0 && cpu.hypervisorHost(2);
      if (level < 2 && cpu.el2Enabled() && !hosted && !hcr(level, EN_SCXT)) {
        return 2;
      }
      return below3(level) && !scr(level, SCR_EN_SCXT) ? 3 : Guard.PERMITTED;
    };
  }

  /** A bit of SCR_EL3 that EL2 needs. */
  Guard needsScr(long bit) {
    return (level, writes) -> below3(level) && !scr(level, bit) ? 3 : Guard.PERMITTED;
  }

  /** CPTR_EL3.TCPAC, and CPTR_EL2.TCPAC below EL2. */
  Guard cpacr() {
    return (level, writes) -> {
      long tcpac = 1L << 31;
      boolean e2h = cpu.exceptions().hypervisor(Exceptions.HCR_E2H);
      if (level < 2 && cpu.el2Enabled() && (state.get(ArmState.CPTR, 2) & tcpac) != 0) {
        return !e2h || !cpu.exceptions().hypervisor(Exceptions.HCR_TGE) ? 2 : Guard.PERMITTED;
      }
      return below3(level) && (state.get(ArmState.CPTR, 3) & tcpac) != 0 ? 3 : Guard.PERMITTED;
    };
  }

  /** Nothing traps it, but only reads are there at EL0. */
  static int readOnlyAtEl0(int level, boolean writes) {
    return level == 0 && writes ? Guard.UNDEFINED : Guard.PERMITTED;
  }
}
