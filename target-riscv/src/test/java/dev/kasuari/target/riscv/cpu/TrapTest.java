package dev.kasuari.target.riscv.cpu;

import static org.assertj.core.api.Assertions.assertThat;

import dev.kasuari.machine.IrqLine;
import dev.kasuari.machine.cpu.Access;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

@Tag("fast")
class TrapTest {
  private static final long HERE = 0x8000_1000L;
  private static final long MACHINE_HANDLER = 0x8000_4000L;
  private static final long SUPERVISOR_HANDLER = 0x8000_8000L;
  private static final int[] CAUSES = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 11, 12, 13, 15};

  private final HartFixture fixture = new HartFixture();
  private final RiscvCpu hart = fixture.hart;

  TrapTest() {
    fixture.csr("mtvec", MACHINE_HANDLER);
    fixture.csr("stvec", SUPERVISOR_HANDLER);
    hart.setPc(HERE);
  }

  @AfterEach
  void close() {
    fixture.close();
  }

  @Test
  void exceptionsGoWhereTheyAreDelegated() {
    for (int privilege : new int[] {0, 1, 3}) {
      for (int cause : CAUSES) {
        for (boolean delegated : new boolean[] {false, true}) {
          fixture.csr("medeleg", delegated ? 1L << cause : 0);
          fixture.csr("mcause", 99);
          fixture.csr("scause", 99);
          fixture.mode(privilege).setPc(HERE);
          hart.raise(cause, 0x1234);
          boolean toSupervisor = delegated && privilege != 3 && cause != TrapCause.ECALL_FROM_M;
          String what =
              "cause %d from mode %d, delegated %s".formatted(cause, privilege, delegated);
          String prefix = toSupervisor ? "s" : "m";
          assertThat(hart.privilege()).as(what).isEqualTo(toSupervisor ? 1 : 3);
          assertThat(hart.pc())
              .as(what)
              .isEqualTo(toSupervisor ? SUPERVISOR_HANDLER : MACHINE_HANDLER);
          assertThat(fixture.csr(prefix + "epc")).as(what).isEqualTo(HERE);
          assertThat(fixture.csr(prefix + "cause")).as(what).isEqualTo(cause);
          assertThat(fixture.csr(prefix + "tval")).as(what).isEqualTo(0x1234);
          assertThat(fixture.csr(toSupervisor ? "mcause" : "scause")).as(what).isEqualTo(99);
        }
      }
    }
  }

  @Test
  void aMachineTrapStacksAndMretUnstacks() {
    fixture.csr("mstatus", Status.MIE | Status.MPRV);
    fixture.mode(Privilege.SUPERVISOR);
    hart.raise(TrapCause.ILLEGAL_INSTRUCTION, 0);
    long status = fixture.csr("mstatus");
    assertThat(status & Status.MIE).isZero();
    assertThat(status & Status.MPIE).isNotZero();
    assertThat(status >> 11 & 3).isEqualTo(Privilege.SUPERVISOR);
    assertThat(hart.mret()).isTrue();
    status = fixture.csr("mstatus");
    assertThat(hart.privilege()).isEqualTo(Privilege.SUPERVISOR);
    assertThat(hart.pc()).isEqualTo(HERE);
    assertThat(status & Status.MIE).isNotZero();
    assertThat(status & Status.MPIE).isNotZero();
    assertThat(status & Status.MPP).isZero();
    assertThat(status & Status.MPRV).isZero();
  }

  @Test
  void mretToMachineModeKeepsModifiedPrivilege() {
    fixture.csr("mstatus", Status.MPRV | Status.MPP);
    assertThat(hart.mret()).isTrue();
    assertThat(hart.privilege()).isEqualTo(Privilege.MACHINE);
    assertThat(fixture.csr("mstatus") & Status.MPRV).isNotZero();
  }

  @Test
  void aSupervisorTrapStacksAndSretUnstacks() {
    fixture.csr("medeleg", -1);
    fixture.csr("mstatus", Status.SIE | Status.MIE);
    for (int privilege : new int[] {0, 1}) {
      fixture.mode(privilege).setPc(HERE);
      hart.raise(TrapCause.LOAD_PAGE_FAULT, 0x4000);
      long status = fixture.csr("mstatus");
      assertThat(status & (Status.SIE | Status.SPIE)).isEqualTo(Status.SPIE);
      assertThat((status & Status.SPP) != 0).isEqualTo(privilege == 1);
      assertThat(status & Status.MIE).isNotZero();
      assertThat(hart.sret()).isTrue();
      assertThat(hart.privilege()).isEqualTo(privilege);
      assertThat(hart.pc()).isEqualTo(HERE);
      status = fixture.csr("mstatus");
      assertThat(status & (Status.SIE | Status.SPIE | Status.SPP))
          .isEqualTo(Status.SIE | Status.SPIE);
    }
  }

  @Test
  void aTrapInsideAHandlerKeepsWhatTheFirstSaved() {
    fixture.csr("medeleg", 1L << TrapCause.LOAD_PAGE_FAULT);
    fixture.csr("mstatus", Status.SIE | Status.MIE);
    fixture.mode(Privilege.USER).setPc(HERE);
    hart.raise(TrapCause.LOAD_PAGE_FAULT, 1);
    hart.raise(TrapCause.ILLEGAL_INSTRUCTION, 2);
    assertThat(hart.privilege()).isEqualTo(Privilege.MACHINE);
    assertThat(fixture.csr("mepc")).isEqualTo(SUPERVISOR_HANDLER);
    assertThat(fixture.csr("sepc")).isEqualTo(HERE);
    assertThat(hart.mret()).isTrue();
    assertThat(hart.privilege()).isEqualTo(Privilege.SUPERVISOR);
    assertThat(hart.sret()).isTrue();
    assertThat(hart.privilege()).isEqualTo(Privilege.USER);
    assertThat(hart.pc()).isEqualTo(HERE);
  }

  @Test
  void returnsAreIllegalWhereTheyAreNotAllowed() {
    assertThat(fixture.mode(Privilege.USER).sret()).isFalse();
    assertThat(fixture.mode(Privilege.USER).mret()).isFalse();
    assertThat(fixture.mode(Privilege.SUPERVISOR).mret()).isFalse();
    fixture.csr("mstatus", Status.TSR);
    assertThat(fixture.mode(Privilege.SUPERVISOR).sret()).isFalse();
    assertThat(fixture.mode(Privilege.MACHINE).sret()).isTrue();
  }

  @Test
  void sretFromMachineModeClearsModifiedPrivilege() {
    fixture.csr("mstatus", Status.MPRV | Status.SPP);
    assertThat(hart.sret()).isTrue();
    assertThat(hart.privilege()).isEqualTo(Privilege.SUPERVISOR);
    assertThat(fixture.csr("mstatus") & Status.MPRV).isZero();
  }

  @ParameterizedTest
  @CsvSource({"3, 0, true", "3, 1, true", "1, 0, true", "1, 1, false", "0, 0, false"})
  void waitingForInterruptMayBeTrapped(int privilege, int tw, boolean allowed) {
    fixture.csr("mstatus", tw * Status.TW);
    assertThat(fixture.mode(privilege).wfiAllowed()).isEqualTo(allowed);
  }

  @ParameterizedTest
  @CsvSource({"3, 0, true", "3, 1, true", "1, 0, true", "1, 1, false", "0, 0, false"})
  void virtualMemoryMayBeTrapped(int privilege, int tvm, boolean allowed) {
    fixture.csr("mstatus", tvm * Status.TVM);
    fixture.mode(privilege);
    assertThat(hart.sfenceVma(0x1000, false, 0, true)).isEqualTo(allowed);
    assertThat(fixture.reads("satp")).isEqualTo(allowed);
    assertThat(fixture.vcpu.pageFlushes).hasSize(allowed ? 1 : 0);
  }

  @Test
  void callsNameTheirMode() {
    assertThat(fixture.mode(0).ecallCause()).isEqualTo(8);
    assertThat(fixture.mode(1).ecallCause()).isEqualTo(9);
    assertThat(fixture.mode(3).ecallCause()).isEqualTo(11);
    assertThat(hart.misalignedCause(Access.WRITE)).isEqualTo(6);
  }

  // ---- interrupts ------------------------------------------------------------------------------

  private List<IrqLine> inputs() {
    return List.of(
        hart.machineSoftwareInput(),
        hart.machineTimerInput(),
        hart.machineExternalInput(),
        hart.supervisorExternalInput());
  }

  @Test
  void theMostUrgentInterruptComesFirst() {
    fixture.csr("mie", -1);
    fixture.csr("mstatus", Status.MIE);
    inputs().forEach(line -> line.set(true));
    hart.raiseSupervisorSoftware();
    fixture.csr("mip", Interrupts.STIP | Interrupts.SSIP);
    var order = new ArrayList<Integer>();
    long enabled = -1;
    for (int i = 0; i < 6; i++) {
      fixture.csr("mie", enabled);
      fixture.csr("mstatus", Status.MIE);
      assertThat(hart.deliverInterrupt()).isTrue();
      int number = (int) fixture.csr("mcause") & 63;
      order.add(number);
      enabled &= ~(1L << number);
    }
    fixture.csr("mie", enabled);
    assertThat(hart.deliverInterrupt()).isFalse();
    assertThat(order).containsExactly(11, 3, 7, 9, 1, 5);
  }

  @Test
  void enablesDependOnTheModeAndOnWhoTakesIt() {
    hart.machineTimerInput().set(true);
    hart.supervisorExternalInput().set(true);
    fixture.csr("mie", -1);
    for (int privilege : new int[] {0, 1, 3}) {
      for (boolean mie : new boolean[] {false, true}) {
        for (boolean sie : new boolean[] {false, true}) {
          fixture.csr("mideleg", Interrupts.SEIP);
          long status = (mie ? Status.MIE : 0) | (sie ? Status.SIE : 0);
          fixture.csr("mstatus", status);
          fixture.mode(privilege).setPc(HERE);
          boolean machine = privilege < 3 || mie;
          String what = "mode %d MIE %s SIE %s".formatted(privilege, mie, sie);
          assertThat(hart.deliverInterrupt()).as(what).isEqualTo(machine);
          if (machine) {
            assertThat(fixture.csr("mcause")).isEqualTo(1L << 63 | Interrupts.MTI);
          }
          fixture.csr("mie", Interrupts.SEIP);
          fixture.csr("mstatus", status);
          fixture.mode(privilege).setPc(HERE);
          boolean supervisor = privilege == 0 || (privilege == 1 && sie);
          assertThat(hart.deliverInterrupt()).as(what).isEqualTo(supervisor);
          assertThat(hart.privilege()).as(what).isEqualTo(supervisor ? 1 : privilege);
          fixture.csr("mie", -1);
        }
      }
    }
  }

  @Test
  void vectoredHandlersAreForInterruptsOnly() {
    fixture.csr("mtvec", MACHINE_HANDLER | 1);
    fixture.csr("mie", Interrupts.MTIP);
    hart.machineTimerInput().set(true);
    fixture.mode(Privilege.USER);
    assertThat(hart.deliverInterrupt()).isTrue();
    assertThat(hart.pc()).isEqualTo(MACHINE_HANDLER + 4 * Interrupts.MTI);
    hart.raise(TrapCause.BREAKPOINT, 0);
    assertThat(hart.pc()).isEqualTo(MACHINE_HANDLER);
  }

  @Test
  void anInputKicksAndEndsAWaitIfItIsEnabledAtAll() {
    int kicks = fixture.vcpu.kicks;
    hart.machineExternalInput().set(true);
    assertThat(fixture.vcpu.kicks).isGreaterThan(kicks);
    assertThat(hart.hasWork()).isFalse();
    fixture.csr("mie", Interrupts.MEIP);
    assertThat(hart.hasWork()).isTrue();
    assertThat(hart.deliverInterrupt()).isFalse();
    hart.machineExternalInput().set(false);
    assertThat(hart.hasWork()).isFalse();
  }

  @ParameterizedTest
  @ValueSource(strings = {"mstatus", "mie", "mip", "mideleg", "sstatus", "sie", "sip"})
  void whatEnablesAPendingInterruptKicks(String name) {
    boolean supervisor = name.startsWith("s");
    fixture.csr("mideleg", supervisor || name.equals("mideleg") ? 0 : Interrupts.SSIP);
    if (supervisor) {
      fixture.csr("mideleg", Interrupts.SSIP);
    }
    fixture.csr("mstatus", name.endsWith("status") ? 0 : Status.SIE | Status.MIE);
    fixture.csr("mie", name.endsWith("ie") ? 0 : Interrupts.SSIP);
    fixture.csr("mip", name.endsWith("ip") ? 0 : Interrupts.SSIP);
    fixture.mode(supervisor ? Privilege.SUPERVISOR : Privilege.MACHINE);
    if (!supervisor) {
      fixture.csr("mideleg", 0);
    }
    int kicks = fixture.vcpu.kicks;
    long value = name.endsWith("status") ? Status.SIE | Status.MIE : Interrupts.SSIP;
    if (name.equals("mideleg")) {
      fixture.csr("mstatus", Status.SIE);
      kicks = fixture.vcpu.kicks;
      fixture.mode(Privilege.USER);
      assertThat(hart.writeCsr(0x303, value)).isTrue();
    } else {
      assertThat(fixture.writes(name, value)).isTrue();
    }
    assertThat(fixture.vcpu.kicks).isGreaterThan(kicks);
    assertThat(hart.deliverInterrupt()).isTrue();
  }

  @Test
  void linesSurviveAReset() {
    hart.machineTimerInput().set(true);
    hart.raiseSupervisorSoftware();
    hart.reset();
    assertThat(fixture.csr("mip")).isEqualTo(Interrupts.MTIP);
    assertThat(hart.pc()).isEqualTo(RiscvCpu.DEFAULT_RESET_VECTOR);
    assertThat(hart.privilege()).isEqualTo(Privilege.MACHINE);
    assertThat(fixture.csr("mstatus")).isEqualTo(0xa_0000_0000L);
  }

  @Test
  void anEdgeOnTheSupervisorSoftwareInputSticks() {
    hart.supervisorSoftwareInput().pulse();
    assertThat(fixture.csr("mip")).isEqualTo(Interrupts.SSIP);
  }

  // ---- supervisor timer ------------------------------------------------------------------------

  @Test
  void theSupervisorTimerFollowsTheClock() {
    fixture.csr("menvcfg", Environment.STCE);
    fixture.csr("stimecmp", 100);
    assertThat(fixture.csr("mip")).isZero();
    fixture.clock.advance(9_999);
    assertThat(fixture.csr("mip")).isZero();
    int kicks = fixture.vcpu.kicks;
    fixture.clock.advance(1);
    assertThat(fixture.csr("mip")).isEqualTo(Interrupts.STIP);
    assertThat(fixture.vcpu.kicks).isGreaterThan(kicks);
    fixture.csr("mip", 0);
    assertThat(fixture.csr("mip")).isEqualTo(Interrupts.STIP);
    fixture.csr("stimecmp", 101);
    assertThat(fixture.csr("mip")).isZero();
    fixture.csr("stimecmp", 0);
    assertThat(fixture.csr("mip")).isEqualTo(Interrupts.STIP);
    fixture.csr("stimecmp", -1);
    assertThat(fixture.csr("mip")).isZero();
    fixture.clock.advance(1L << 50);
    assertThat(fixture.csr("mip")).isZero();
  }

  @Test
  void withoutTheSupervisorTimerItsBitBelongsToMachineMode() {
    fixture.csr("stimecmp", 0);
    assertThat(fixture.csr("mip")).isZero();
    fixture.csr("mip", Interrupts.STIP);
    assertThat(fixture.csr("mip")).isEqualTo(Interrupts.STIP);
    fixture.csr("stimecmp", -1);
    fixture.csr("menvcfg", Environment.STCE);
    assertThat(fixture.csr("mip")).isZero();
  }

  @ParameterizedTest
  @CsvSource({
    "1, 1, 0, false",
    "1, 1, 1, true",
    "0, 1, 1, false",
    "1, 0, 1, false",
    "0, 0, 3, true"
  })
  void theComparatorIsGuarded(int stce, int tm, int privilege, boolean legal) {
    fixture.csr("menvcfg", stce * Environment.STCE);
    fixture.csr("mcounteren", tm << 1);
    fixture.mode(privilege);
    assertThat(fixture.reads("stimecmp")).isEqualTo(legal);
  }

  // ---- reports ---------------------------------------------------------------------------------

  @Test
  void trapsAreLogged() {
    fixture.lines.clear();
    fixture.mode(Privilege.USER).setPc(HERE);
    hart.raise(TrapCause.LOAD_PAGE_FAULT, 0xdead);
    assertThat(fixture.lines)
        .contains("hart0: load page fault (13) epc 0x80001000 tval 0xdead U -> M");
  }

  @Test
  void aHandlerThatFaultsAtItselfIsReportedOnce() {
    var reports = new ArrayList<String>();
    hart.onTrapLoop(reports::add);
    fixture.csr("mtvec", 0x10);
    for (int i = 0; i < 10; i++) {
      hart.raise(TrapCause.INSTRUCTION_ACCESS_FAULT, hart.pc());
    }
    assertThat(reports)
        .containsExactly(
            "hart0: loops in an exception: instruction access fault (value 0x10) at its own"
                + " handler, pc 0x10 in M-mode");
  }

  @Test
  void registersAreDescribed() {
    hart.setX(10, 0xabc);
    assertThat(hart.describe())
        .contains(" pc       0000000080001000", " x10/a0   0000000000000abc", " mstatus  ");
  }
}
