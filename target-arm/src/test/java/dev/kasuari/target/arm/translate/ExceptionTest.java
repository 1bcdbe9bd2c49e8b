package dev.kasuari.target.arm.translate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.kasuari.machine.Machine;
import dev.kasuari.machine.Shutdown;
import dev.kasuari.machine.memory.BusAccess;
import dev.kasuari.machine.memory.MemoryRegion;
import dev.kasuari.machine.memory.MmioHandler;
import dev.kasuari.machine.memory.RamBlock;
import dev.kasuari.machine.time.Timebase;
import dev.kasuari.softfloat.FloatEnv;
import dev.kasuari.target.arm.cpu.ArmCpu;
import dev.kasuari.target.arm.cpu.ArmModel;
import dev.kasuari.target.arm.isa.A64Encoder;
import dev.kasuari.target.arm.isa.A64Features;
import dev.kasuari.target.arm.isa.A64SystemRegisters;
import dev.kasuari.tcg.BackEnd;
import dev.kasuari.tcg.TcgAccelerator;
import dev.kasuari.tcg.interp.Interpreter;
import dev.kasuari.tcg.x86_64.X86BackEnd;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Exceptions as their handlers see them. Every vector collects ESR_EL1, FAR_EL1, ELR_EL1, SPSR_EL1
 * and its own offset in X20 to X24, and ends the program.
 */
@Tag("fast")
class ExceptionTest {
  private static final long RAM = 0x4000_0000L;
  private static final int RAM_SIZE = 1 << 20;
  private static final long END = 0x0910_0000L;
  private static final long RAISE = 0x0911_0000L;
  private static final int VECTORS = 0x1_0000;
  private static final int TABLE = 0x2_0000;

  /** X26 and X27 at the end. */
  private long before;

  private long after;

  private final ByteBuffer image = ByteBuffer.allocate(RAM_SIZE).order(ByteOrder.LITTLE_ENDIAN);

  private static int register(String name) {
    return A64SystemRegisters.number(name);
  }

  private void put(int... instructions) {
    for (int instruction : instructions) {
      image.putInt(instruction);
    }
  }

  private void load(int register, long value) {
    put(A64Encoder.movz(1, 0, (int) value & 0xffff, register));
    for (int part = 1; part < 4; part++) {
      int bits = (int) (value >>> (16 * part)) & 0xffff;
      if (bits != 0) {
        put(A64Encoder.movk(1, part, bits, register));
      }
    }
  }

  private void write(String register, long value) {
    load(0, value);
    put(A64Encoder.msr(register(register), 0));
  }

  private long here() {
    return RAM + image.position();
  }

  /** The vectors, and that they are there. */
  private void begin() {
    for (int offset = 0; offset < 0x800; offset += 0x80) {
      image.position(VECTORS + offset);
      put(A64Encoder.mrs(register("esr_el1"), 20));
      put(A64Encoder.mrs(register("far_el1"), 21));
      put(A64Encoder.mrs(register("elr_el1"), 22));
      put(A64Encoder.mrs(register("spsr_el1"), 23));
      load(24, offset);
      load(25, END);
      put(A64Encoder.strU(2, 31, 25, 0), A64Encoder.b(0));
    }
    image.position(0);
    write("vbar_el1", RAM + VECTORS);
  }

  private static BackEnd backEnd(String name) {
    if (name.equals("interp")) {
      return new Interpreter();
    }
    assumeTrue(X86BackEnd.available(), "machine code needs Linux on x86-64");
    return new X86BackEnd(FloatEnv.arm(), 16 << 20);
  }

  private record Device(Machine machine, ArmCpu cpu) implements MmioHandler {
    @Override
    public long read(long offset, int size, BusAccess access) {
      return 0;
    }

    @Override
    public void write(long offset, int size, long value, BusAccess access) {
      if (offset == 0) {
        machine.requestShutdown(new Shutdown(Shutdown.Cause.GUEST, 0, "done"));
      } else {
        cpu.irqInput().set(true);
      }
    }
  }

  private static ArmModel withVectors() {
    return ArmModel.base().withFeatures(A64Features.FP | A64Features.SIMD);
  }

  /** What the vectors collect of the program. */
  private long[] run(String backEnd) throws InterruptedException {
    try (var machine = Machine.builder("exceptions").build()) {
      RamBlock ram = machine.ram().allocate("ram", RAM_SIZE);
      ram.put(0, image.array());
      var accelerator = new TcgAccelerator(machine, new ArmInstructionSet(), backEnd(backEnd));
      var time = Timebase.of(machine.clock(), ArmCpu.DEFAULT_TIMEBASE);
      var cpu = machine.own(new ArmCpu(0, withVectors(), machine, time));
      machine.locked(() -> {
        machine.root().add(RAM, MemoryRegion.ram(ram));
        var device = new Device(machine, cpu);
        machine.root().add(END, MemoryRegion.mmio("device", RAISE - END + 0x1000, device));
      });
      cpu.setResetVector(RAM);
      cpu.monitorsOutput().connect(cpu.irqInput());
      accelerator.add(cpu);
      machine.addExecution(accelerator);
      machine.resume();
      Shutdown end = machine.awaitShutdown(20, TimeUnit.SECONDS);
      assertThat(end).as(cpu.describe()).isNotNull();
      assertThat(machine.failure()).isNull();
      machine.pause();
      before = cpu.x(26);
      after = cpu.x(27);
      return new long[] {cpu.x(20), cpu.x(21), cpu.x(22), cpu.x(23), cpu.x(24)};
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"interp", "x86_64"})
  void whatIsNoInstructionIsUndefined(String backEnd) throws InterruptedException {
    begin();
    long at = here();
    put(0);
    long[] seen = run(backEnd);
    assertThat(seen).containsExactly(0x0200_0000L, 0, at, 0x3c5, 0x200);
  }

  @ParameterizedTest
  @ValueSource(strings = {"interp", "x86_64"})
  void aCallFromEl0ReturnsBehindIt(String backEnd) throws InterruptedException {
    begin();
    long user = here() + 4L * 7;
    load(0, user);
    put(A64Encoder.msr(register("elr_el1"), 0));
    // N and V are set there, and nothing is masked.
    write("spsr_el1", 0x9000_0000L);
    put(A64Encoder.eret());
    while (here() < user) {
      put(A64Encoder.nop());
    }
    put(A64Encoder.svc(7));
    long[] seen = run(backEnd);
    assertThat(seen[0]).isEqualTo(0x5600_0007L);
    assertThat(seen[2]).isEqualTo(user + 4);
    assertThat(seen[3]).isEqualTo(0x9000_0000L);
    assertThat(seen[4]).isEqualTo(0x400);
  }

  @ParameterizedTest
  @ValueSource(strings = {"interp", "x86_64"})
  void anInterruptComesWhenItIsNotMasked(String backEnd) throws InterruptedException {
    begin();
    load(1, RAISE);
    put(A64Encoder.strU(2, 31, 1, 0));
    put(A64Encoder.nop(), A64Encoder.nop());
    put(A64Encoder.msrDaifclr(2));
    long after = here();
    put(A64Encoder.b(0));
    long[] seen = run(backEnd);
    assertThat(seen[2]).isEqualTo(after);
    assertThat(seen[3]).isEqualTo(0x345);
    assertThat(seen[4]).isEqualTo(0x280);
  }

  /**
   * Blocks of 1 GiB for devices, RAM, and RAM as Device memory from 3 GiB on; none from 2 GiB on.
   */
  private void translate() {
    image.putLong(TABLE, 0x701);
    image.putLong(TABLE + 8, RAM | 0x701);
    image.putLong(TABLE + 24, RAM | 0x705);
    begin();
    write("mair_el1", 0xff);
    write("tcr_el1", 2L << 32 | 1 << 23 | 25);
    write("ttbr0_el1", RAM + TABLE);
    put(A64Encoder.mrs(register("sctlr_el1"), 1));
    put(A64Encoder.addI(1, 0, 1, 1, 1), A64Encoder.msr(register("sctlr_el1"), 1));
    put(A64Encoder.isb(15));
  }

  /** Device memory is to be accessed in whole units; a page's end makes no difference. */
  @ParameterizedTest
  @ValueSource(strings = {"interp", "x86_64"})
  void anUnalignedLoadFromDeviceMemoryAborts(String backEnd) throws InterruptedException {
    for (long address : new long[] {0xc000_8004L, 0xc000_8ffcL}) {
      translate();
      load(2, address);
      put(A64Encoder.ldrU(2, 3, 2, 0));
      long at = here();
      put(A64Encoder.ldrU(3, 3, 2, 0));
      long[] seen = run(backEnd);
      assertThat(seen[0]).isEqualTo(0x9600_0000L | 0b100001);
      assertThat(seen[1]).isEqualTo(address);
      assertThat(seen[2]).isEqualTo(at);
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"interp", "x86_64"})
  void aStoreToWhatIsNotMappedAborts(String backEnd) throws InterruptedException {
    translate();
    load(2, 0x8000_1230L);
    long at = here();
    put(A64Encoder.strU(3, 3, 2, 1));
    long[] seen = run(backEnd);
    // A data abort from the same level, by a write: translation fault, level 1.
    assertThat(seen[0]).isEqualTo(0x9600_0000L | 1 << 6 | 0b000101);
    assertThat(seen[1]).isEqualTo(0x8000_1238L);
    assertThat(seen[2]).isEqualTo(at);
    assertThat(seen[4]).isEqualTo(0x200);
  }

  /** Where a read would fault too it is a read that faults; the same on QEMU 7.2 and 10. */
  @ParameterizedTest
  @ValueSource(strings = {"interp", "x86_64"})
  void anAtomicFaultsAsAWriteOnlyWhereItCouldRead(String backEnd) throws InterruptedException {
    int ldadd = 0xf822_0283; // ldadd x2, x3, [x20]
    int swpb = 0x3822_8283; // swpb w2, w3, [x20]
    int cas = 0xc8a2_7e83; // cas x2, x3, [x20]
    int casp = 0x4824_7e86; // casp x4, x5, x6, x7, [x20]
    for (int atomic : new int[] {ldadd, swpb, cas, casp}) {
      assertThat(abort(backEnd, atomic, 0x8000_1230L)).isEqualTo(0x9600_0000L | 0b000101);
      assertThat(abort(backEnd, atomic, 0xc000_1230L)).isEqualTo(0x9600_0000L | 1 << 6 | 0b001101);
    }
  }

  /** The syndrome of an instruction; RAM is read only from 3 GiB on. */
  private long abort(String backEnd, int instruction, long address) throws InterruptedException {
    translate();
    image.putLong(TABLE + 24, RAM | 0x781);
    load(20, address);
    put(instruction);
    long[] seen = run(backEnd);
    assertThat(seen[1]).isEqualTo(address);
    return seen[0];
  }

  @ParameterizedTest
  @ValueSource(strings = {"interp", "x86_64"})
  void floatingPointTrapsWhereItIsDisabled(String backEnd) throws InterruptedException {
    begin();
    write("cpacr_el1", 3 << 20);
    put(A64Encoder.fmov(3, 1, 2));
    write("cpacr_el1", 2 << 20);
    long at = here();
    put(A64Encoder.fmov(3, 1, 2));
    assertThat(run(backEnd)).containsExactly(0x1fe0_0000L, 0, at, 0x3c5, 0x200);
  }

  @ParameterizedTest
  @ValueSource(strings = {"interp", "x86_64"})
  void floatingPointsRegistersTrapWithIt(String backEnd) throws InterruptedException {
    begin();
    write("cpacr_el1", 3 << 20);
    write("fpcr", 3 << 24);
    write("cpacr_el1", 0);
    long at = here();
    put(A64Encoder.mrs(register("fpsr"), 1));
    assertThat(run(backEnd)).containsExactly(0x1fe0_0000L, 0, at, 0x3c5, 0x200);
  }

  @ParameterizedTest
  @ValueSource(strings = {"interp", "x86_64"})
  void floatingPointMayBeDisabledForApplicationsAlone(String backEnd) throws InterruptedException {
    begin();
    write("cpacr_el1", 1 << 20);
    put(A64Encoder.fmov(3, 1, 2));
    long user = here() + 4L * 7;
    load(0, user);
    put(A64Encoder.msr(register("elr_el1"), 0));
    write("spsr_el1", 0);
    put(A64Encoder.eret());
    while (here() < user) {
      put(A64Encoder.nop());
    }
    put(A64Encoder.fmov(3, 1, 2));
    assertThat(run(backEnd)).containsExactly(0x1fe0_0000L, 0, user, 0, 0x400);
  }

  @ParameterizedTest
  @ValueSource(strings = {"interp", "x86_64"})
  void exclusivesHoldUntilTheyAreCleared(String backEnd) throws InterruptedException {
    begin();
    load(1, RAM + TABLE);
    load(2, 5);
    load(3, 6);
    put(A64Encoder.ldxr(3, 0, 4, 1), A64Encoder.stxr(3, 5, 0, 2, 1)); // succeeds
    put(A64Encoder.ldxp(1, 0, 7, 6, 1), A64Encoder.stxp(1, 8, 0, 3, 2, 1)); // succeeds
    put(A64Encoder.ldxr(3, 0, 9, 1), A64Encoder.clrex(15));
    put(A64Encoder.stxr(3, 10, 0, 31, 1)); // does not
    put(A64Encoder.ldxp(1, 0, 12, 11, 1), A64Encoder.clrex(15));
    put(A64Encoder.stxp(1, 13, 0, 31, 31, 1)); // does not
    put(A64Encoder.addS(1, 0, 8, 0, 5, 20)); // 0
    put(A64Encoder.addS(1, 0, 13, 0, 10, 21)); // 2
    put(A64Encoder.addS(1, 0, 31, 0, 11, 22)); // 5
    put(A64Encoder.addS(1, 0, 31, 0, 12, 23)); // 6
    put(A64Encoder.addS(1, 0, 31, 0, 6, 24)); // 5
    load(25, END);
    put(A64Encoder.strU(2, 31, 25, 0), A64Encoder.b(0));
    assertThat(run(backEnd)).containsExactly(0, 2, 5, 6, 5);
  }

  // ---- performance monitors --------------------------------------------------------------------

  private void count(long from) {
    begin();
    write("pmevtyper0_el0", 0x08); // INST_RETIRED
    write("pmevcntr0_el0", from);
    write("pmcntenset_el0", 1 << 31 | 1);
    write("pmcr_el0", 1 << 6 | 1);
  }

  @ParameterizedTest
  @ValueSource(strings = {"interp", "x86_64"})
  void instructionsAreCounted(String backEnd) throws InterruptedException {
    count(0);
    put(A64Encoder.mrs(register("pmevcntr0_el0"), 26));
    for (int i = 0; i < 100; i++) {
      put(A64Encoder.nop());
    }
    put(A64Encoder.mrs(register("pmevcntr0_el0"), 27));
    put(A64Encoder.svc(0));
    run(backEnd);
    assertThat(after - before).isEqualTo(101);
  }

  /** EL1 is filtered, so that only what EL0 does counts: SVC is not done when it is taken. */
  @ParameterizedTest
  @ValueSource(strings = {"interp", "x86_64"})
  void levelsAreFiltered(String backEnd) throws InterruptedException {
    count(0);
    write("pmevtyper0_el0", 1L << 31 | 0x08);
    write("pmuserenr_el0", 1);
    write("spsr_el1", 0x3c0);
    write("elr_el1", RAM + 0x8000);
    put(A64Encoder.mrs(register("pmevcntr0_el0"), 26));
    put(A64Encoder.eret());
    image.position(0x8000);
    put(A64Encoder.nop(), A64Encoder.nop(), A64Encoder.nop());
    put(A64Encoder.mrs(register("pmevcntr0_el0"), 27));
    put(A64Encoder.svc(0));
    long[] seen = run(backEnd);
    assertThat(after - before).isBetween(3L, 4L);
    assertThat(seen[4]).isEqualTo(0x400);
  }

  @ParameterizedTest
  @ValueSource(strings = {"interp", "x86_64"})
  void anOverflowInterrupts(String backEnd) throws InterruptedException {
    count(0xffff_0000L);
    write("pmintenset_el1", 1);
    put(A64Encoder.msrDaifclr(2), A64Encoder.b(0));
    assertThat(run(backEnd)[4]).isEqualTo(0x280);
  }

  /** A counter of 64 bits out of two: the second counts what the first cannot. */
  @ParameterizedTest
  @ValueSource(strings = {"interp", "x86_64"})
  void countersAreChained(String backEnd) throws InterruptedException {
    count(0xffff_fff0L);
    write("pmevtyper1_el0", 0x1e);
    write("pmcntenset_el0", 2);
    for (int i = 0; i < 20; i++) {
      put(A64Encoder.nop());
    }
    put(A64Encoder.mrs(register("pmevcntr0_el0"), 26));
    put(A64Encoder.mrs(register("pmevcntr1_el0"), 27));
    put(A64Encoder.svc(0));
    run(backEnd);
    assertThat(before & 0xffff_ffffL).isLessThan(100);
    assertThat(after).isEqualTo(1);
  }

  // ---- waits -----------------------------------------------------------------------------------

  @ParameterizedTest
  @ValueSource(strings = {"interp", "x86_64"})
  void aWaitEndsAtItsTime(String backEnd) throws InterruptedException {
    begin();
    put(A64Encoder.mrs(register("cntvct_el0"), 26));
    load(1, ArmCpu.DEFAULT_TIMEBASE / 50);
    put(A64Encoder.addS(1, 0, 1, 0, 26, 28), A64Encoder.wfit(28));
    put(A64Encoder.mrs(register("cntvct_el0"), 27), A64Encoder.svc(0));
    run(backEnd);
    assertThat(after - before).isGreaterThanOrEqualTo(ArmCpu.DEFAULT_TIMEBASE / 50);
  }
}
