package dev.kasuari.target.riscv.translate;

import dev.kasuari.target.riscv.cpu.RiscvCpu;
import dev.kasuari.target.riscv.cpu.RiscvMode;
import dev.kasuari.target.riscv.cpu.TrapCause;
import dev.kasuari.target.riscv.isa.RiscvInstructions;
import dev.kasuari.tcg.ir.ExitReason;
import dev.kasuari.tcg.ir.Helper;
import dev.kasuari.tcg.ir.Value;

/**
 * Zicsr, Zifencei and the privileged instructions. What changes the machine's mode is a call to the
 * CPU, after which the unit ends.
 */
interface RvSystem extends RiscvInstructions<Rv> {
  /** Argument: {@code encoding << 32 | write << 14 | op << 12 | csr}, operand. */
  Helper CSR =
      new CpuCall("csr") {
        @Override
        boolean perform(RiscvCpu cpu, long a, long b, long c) {
          return cpu.accessCsr((int) a & 0xfff, (int) (a >> 12) & 3, (a & 1 << 14) != 0, b);
        }

        @Override
        long result(RiscvCpu cpu) {
          return cpu.csrOld();
        }
      };

  Helper MRET =
      new CpuCall("mret") {
        @Override
        boolean perform(RiscvCpu cpu, long a, long b, long c) {
          return cpu.mret();
        }
      };

  Helper SRET =
      new CpuCall("sret") {
        @Override
        boolean perform(RiscvCpu cpu, long a, long b, long c) {
          return cpu.sret();
        }
      };

  Helper WFI =
      new CpuCall("wfi") {
        @Override
        boolean perform(RiscvCpu cpu, long a, long b, long c) {
          return cpu.wfiAllowed();
        }
      };

  /**
   * First argument as for CSRs, with bits 0 and 1: all addresses, all address spaces; then the
   * address and the address space.
   */
  Helper SFENCE_VMA =
      new CpuCall("sfence_vma") {
        private static final int ALL_ADDRESSES = 1;
        private static final int ALL_SPACES = 2;

        @Override
        boolean perform(RiscvCpu cpu, long a, long b, long c) {
          return cpu.sfenceVma(b, (a & ALL_ADDRESSES) != 0, c, (a & ALL_SPACES) != 0);
        }
      };

  /** Of what is always in order, there is nothing to order. */
  Helper ORDER =
      new CpuCall("order") {
        @Override
        boolean perform(RiscvCpu cpu, long a, long b, long c) {
          return cpu.orderingAllowed();
        }
      };

  /** A call whose failure is an illegal instruction; the encoding rides in the first argument. */
  abstract class CpuCall implements Helper {
    private final String name;

    CpuCall(String name) {
      this.name = name;
    }

    @Override
    public final String name() {
      return name;
    }

    abstract boolean perform(RiscvCpu cpu, long a, long b, long c);

    long result(RiscvCpu cpu) {
      return 0;
    }

    @Override
    public final long call(Context context, long a, long b, long c) {
      var cpu = (RiscvCpu) context.cpu();
      if (!perform(cpu, a, b, c)) {
        context.raise(TrapCause.ILLEGAL_INSTRUCTION, a >>> 32);
        return 0;
      }
      return result(cpu);
    }
  }

  private static Value withEncoding(Rv t, int low) {
    return t.e().constant((long) t.encoding() << 32 | low);
  }

  /** Operation numbers of {@link RiscvCpu#accessCsr}. */
  int READ = 0;

  int SWAP = 1;
  int SET = 2;
  int CLEAR = 3;

  private static void csr(Rv t, int op, int rd, int csr, Value operand, boolean write) {
    csr(t, op, rd, csr, operand, -1, write);
  }

  private static void csr(Rv t, int op, int rd, int csr, int uimm, boolean write) {
    csr(t, op, rd, csr, t.e().constant(uimm), uimm, write);
  }

  private static void csr(Rv t, int op, int rd, int csr, Value operand, int mask, boolean write) {
    if (!InlineCsr.emit(t, op, rd, csr, operand, mask, write)) {
      callCsr(t, op, rd, csr, operand, write);
    }
  }

  /** The CSRs a write of which may change the mode: status, and what floating point depends on. */
  private static boolean changesMode(int csr) {
    return switch (csr) {
      case 0x001, 0x002, 0x003, 0x100, 0x300, 0x301, 0x310 -> true;
      default -> false;
    };
  }

  /** Has the CPU perform a CSR instruction. */
  static void callCsr(Rv t, int op, int rd, int csr, Value operand, boolean write) {
    int packed = csr | (write ? op : READ) << 12 | (write ? 1 << 14 : 0);
    Value old = t.e().call(CSR, withEncoding(t, packed), operand);
    t.setX(rd, t.toWord(old));
    if (write && changesMode(csr)) {
      t.exitToNext(ExitReason.LOOKUP);
    } else if (write) {
      t.jumpToNext();
    }
  }

  private static Value wide(Rv t, int rs) {
    return t.xlen() == 32 ? t.e().widenUnsigned(t.x(rs)) : t.x(rs);
  }

  @Override
  default void csrrw(Rv t, int rd, int csr, int rs1) {
    csr(t, SWAP, rd, csr, wide(t, rs1), true);
  }

  @Override
  default void csrrs(Rv t, int rd, int csr, int rs1) {
    csr(t, SET, rd, csr, wide(t, rs1), rs1 != 0);
  }

  @Override
  default void csrrc(Rv t, int rd, int csr, int rs1) {
    csr(t, CLEAR, rd, csr, wide(t, rs1), rs1 != 0);
  }

  @Override
  default void csrrwi(Rv t, int rd, int csr, int uimm) {
    csr(t, SWAP, rd, csr, uimm, true);
  }

  @Override
  default void csrrsi(Rv t, int rd, int csr, int uimm) {
    csr(t, SET, rd, csr, uimm, uimm != 0);
  }

  @Override
  default void csrrci(Rv t, int rd, int csr, int uimm) {
    csr(t, CLEAR, rd, csr, uimm, uimm != 0);
  }

  /** Code that is written is noticed when it is written; only the unit has to end. */
  @Override
  default void fenceI(Rv t) {
    t.exitToNext(ExitReason.LOOKUP);
  }

  @Override
  default void ecall(Rv t) {
    t.raise(TrapCause.ECALL_FROM_U + RiscvMode.privilege(t.mode()), t.e().constant(0));
  }

  @Override
  default void ebreak(Rv t) {
    t.raise(TrapCause.BREAKPOINT, t.e().pc(t.translation().delta()));
  }

  @Override
  default void mret(Rv t) {
    t.e().call(MRET, withEncoding(t, 0));
    t.exitToPc();
  }

  @Override
  default void sret(Rv t) {
    t.e().call(SRET, withEncoding(t, 0));
    t.exitToPc();
  }

  @Override
  default void wfi(Rv t) {
    t.e().call(WFI, withEncoding(t, 0));
    t.exitToNext(ExitReason.HALT);
  }

  @Override
  default void sfenceVma(Rv t, int rs1, int rs2) {
    int scope = (rs1 == 0 ? 1 : 0) | (rs2 == 0 ? 2 : 0);
    t.e().call(SFENCE_VMA, withEncoding(t, scope), wide(t, rs1), wide(t, rs2));
    t.jumpToNext();
  }

  @Override
  default void sinvalVma(Rv t, int rs1, int rs2) {
    sfenceVma(t, rs1, rs2);
  }

  @Override
  default void sfenceWInval(Rv t) {
    t.e().call(ORDER, withEncoding(t, 0));
  }

  @Override
  default void sfenceInvalIr(Rv t) {
    t.e().call(ORDER, withEncoding(t, 0));
  }
}
