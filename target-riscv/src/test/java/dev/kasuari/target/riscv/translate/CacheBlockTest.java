package dev.kasuari.target.riscv.translate;

import static dev.kasuari.target.riscv.asm.Reg.A0;
import static dev.kasuari.target.riscv.asm.Reg.A1;
import static dev.kasuari.target.riscv.asm.Reg.A2;
import static dev.kasuari.target.riscv.asm.Reg.S0;
import static dev.kasuari.target.riscv.asm.Reg.T0;
import static dev.kasuari.target.riscv.isa.RiscvEncoder.cboClean;
import static dev.kasuari.target.riscv.isa.RiscvEncoder.cboFlush;
import static dev.kasuari.target.riscv.isa.RiscvEncoder.cboInval;
import static dev.kasuari.target.riscv.isa.RiscvEncoder.cboZero;
import static dev.kasuari.target.riscv.isa.RiscvEncoder.csrrs;
import static dev.kasuari.target.riscv.isa.RiscvEncoder.csrrw;
import static dev.kasuari.target.riscv.isa.RiscvEncoder.ecall;
import static dev.kasuari.target.riscv.isa.RiscvEncoder.prefetchI;
import static dev.kasuari.target.riscv.isa.RiscvEncoder.prefetchR;
import static dev.kasuari.target.riscv.isa.RiscvEncoder.prefetchW;
import static dev.kasuari.target.riscv.translate.MachineMode.MCAUSE;
import static dev.kasuari.target.riscv.translate.MachineMode.MENVCFG;
import static dev.kasuari.target.riscv.translate.MachineMode.MTVAL;
import static dev.kasuari.target.riscv.translate.MachineMode.MTVEC;
import static dev.kasuari.target.riscv.translate.MachineMode.PMPADDR0;
import static dev.kasuari.target.riscv.translate.MachineMode.PMPCFG0;
import static dev.kasuari.target.riscv.translate.MachineMode.SENVCFG;
import static dev.kasuari.target.riscv.translate.MachineMode.enter;
import static dev.kasuari.target.riscv.translate.MachineMode.openMemory;
import static dev.kasuari.target.riscv.translate.MachineMode.set;
import static dev.kasuari.target.riscv.translate.MachineMode.trapTo;
import static org.assertj.core.api.Assertions.assertThat;

import dev.kasuari.target.riscv.asm.Assembler;
import dev.kasuari.target.riscv.asm.Label;
import dev.kasuari.target.riscv.cpu.RiscvModel;
import java.util.Arrays;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Zicbom, Zicboz and Zicbop: what blocks become, who may touch them, and what faults say. */
@Tag("fast")
class CacheBlockTest {

  private static final int ILLEGAL = 2;
  private static final int STORE_ACCESS_FAULT = 7;
  private static final int ECALL_FROM_U = 8;

  private static final int DATA = 0x10_0000;
  private static final long NOBODY = 0x4000_0123;

  @Test
  void zeroClearsTheBlockAroundTheAddressAndNothingElse() throws InterruptedException {
    var a = new Assembler();
    a.li(S0, BareMetal.RAM + DATA + 64 + 0x25);
    a.i(cboZero(S0));
    BareMetal.exit(a, 0);
    try (var machine = new BareMetal(1, a)) {
      byte[] ones = new byte[192];
      Arrays.fill(ones, (byte) -1);
      machine.ram().put(DATA, ones);
      machine.run();
      Arrays.fill(ones, 64, 128, (byte) 0);
      assertThat(machine.ram().get(DATA, 192)).isEqualTo(ones);
    }
  }

  /** What an instruction at {@code address} traps with: the cause, and the value above it. */
  private static long trap(int instruction, int privilege, long menvcfg, long senvcfg, long address)
      throws InterruptedException {
    var a = new Assembler();
    openMemory(a);
    set(a, MENVCFG, menvcfg);
    set(a, SENVCFG, senvcfg);
    return trap(a, instruction, privilege, address);
  }

  /** The same at the end of a program. */
  private static long trap(Assembler a, int instruction, int privilege, long address)
      throws InterruptedException {
    Label handler = a.label("handler");
    Label lower = a.label("lower");
    trapTo(a, handler);
    a.li(S0, address);
    enter(a, privilege, lower);
    a.bind(lower);
    a.i(instruction, ecall());
    a.align(4);
    a.bind(handler);
    a.i(csrrs(A1, MTVAL, 0), csrrs(A2, MCAUSE, 0));
    BareMetal.exit(a, A0);
    try (var machine = new BareMetal(1, a)) {
      machine.run();
      return machine.hart(0).x(A1) << 8 | machine.hart(0).x(A2);
    }
  }

  private static int instruction(String name) {
    return switch (name) {
      case "zero" -> cboZero(S0);
      case "inval" -> cboInval(S0);
      case "clean" -> cboClean(S0);
      default -> cboFlush(S0);
    };
  }

  @ParameterizedTest
  @CsvSource({
    // Instruction, privilege, menvcfg, senvcfg, legal.
    "zero, 3, 0, 0, true",
    "zero, 1, 0, 80, false",
    "zero, 1, 80, 0, true",
    "zero, 0, 80, 0, false",
    "zero, 0, 0, 80, false",
    "zero, 0, 80, 80, true",
    "inval, 3, 0, 0, true",
    "inval, 1, 0, 30, false",
    "inval, 1, 10, 0, true",
    "inval, 1, 30, 0, true",
    "inval, 0, 30, 0, false",
    "inval, 0, 30, 10, true",
    "clean, 3, 0, 0, true",
    "clean, 1, b0, 40, false",
    "clean, 1, 40, 0, true",
    "clean, 0, 40, b0, false",
    "clean, 0, 40, 40, true",
    "flush, 1, b0, 0, false",
    "flush, 0, 40, 40, true",
  })
  void eachLevelLetsTheNextOneIn(
      String name, int privilege, String menvcfg, String senvcfg, boolean legal)
      throws InterruptedException {
    int instruction = instruction(name);
    long trap =
        trap(
            instruction,
            privilege,
            Long.parseLong(menvcfg, 16),
            Long.parseLong(senvcfg, 16),
            BareMetal.RAM + DATA);
    long refused = Integer.toUnsignedLong(instruction) << 8 | ILLEGAL;
    assertThat(trap).isEqualTo(legal ? ECALL_FROM_U + privilege : refused);
  }

  @ParameterizedTest
  @ValueSource(strings = {"zero", "inval", "clean", "flush"})
  void aFaultIsThatOfAStoreAndNamesTheAddressItself(String name) throws InterruptedException {
    long address = BareMetal.RAM + DATA + 0x35;
    var a = new Assembler();
    // The program alone is open: 1 MiB from the beginning of RAM on.
    set(a, PMPADDR0, BareMetal.RAM >> 2 | (DATA / 8 - 1));
    set(a, PMPCFG0, 0x1f);
    set(a, MENVCFG, 0xf0);
    assertThat(trap(a, instruction(name), 1, address)).isEqualTo(address << 8 | STORE_ACCESS_FAULT);
  }

  @Test
  void prefetchesOfNowhereDoNothing() throws InterruptedException {
    for (int hint : new int[] {prefetchI(S0, 32), prefetchR(S0, -64), prefetchW(S0, 0)}) {
      assertThat(trap(hint, 0, 0, 0, NOBODY)).isEqualTo(ECALL_FROM_U);
    }
  }

  @Test
  void aHartWithoutThemRefusesThem() throws InterruptedException {
    RiscvModel model = RiscvModel.rv64().with("zicboz", "off").with("zicbom", "off");
    for (String name : new String[] {"zero", "inval", "clean", "flush"}) {
      var a = new Assembler();
      Label handler = a.label("handler");
      a.la(T0, handler);
      a.i(csrrw(0, MTVEC, T0));
      a.li(S0, BareMetal.RAM + DATA);
      a.i(instruction(name));
      a.align(4);
      a.bind(handler);
      a.i(csrrs(A0, MCAUSE, 0));
      BareMetal.exit(a, A0);
      try (var machine = new BareMetal(model, 1, a)) {
        assertThat(machine.run()).isEqualTo(ILLEGAL);
      }
    }
  }
}
