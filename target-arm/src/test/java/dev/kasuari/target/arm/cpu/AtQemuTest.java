package dev.kasuari.target.arm.cpu;

import static org.assertj.core.api.Assertions.assertThat;

import dev.kasuari.machine.cpu.Access;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Address translation instructions over random tables and registers: PAR_EL1, and what became of
 * the descriptors, as QEMU's {@code max} has them. The program runs at EL3 without translation.
 */
@Tag("guest")
class AtQemuTest {
  private static final long CASES_AT = 0x4800_0000L;
  private static final long PROGRAM_AT = 0x4400_0000L;
  private static final long DEVICE = 0xfL << 56;
  private static final long SHARES = 3 << 7;
  private static final int PATIENCE_SECONDS = 300;

  /** An instruction and what it asks. */
  private record Instruction(String name, Regime regime, Access access, boolean bothStages) {
    Regime regime(boolean e2h) {
      return regime == Regime.E2 && e2h ? Regime.E20_2 : regime;
    }
  }

  private static final List<Instruction> INSTRUCTIONS =
      List.of(
          new Instruction("s1e1r", Regime.E10_1, Access.READ, false),
          new Instruction("s1e0r", Regime.E10_0, Access.READ, false),
          new Instruction("s12e1r", Regime.E10_1, Access.READ, true),
          new Instruction("s12e0r", Regime.E10_0, Access.READ, true),
          new Instruction("s1e1rp", Regime.E10_1_PAN, Access.READ, false),
          new Instruction("s1e2r", Regime.E2, Access.READ, false),
          new Instruction("s1e1w", Regime.E10_1, Access.WRITE, false),
          new Instruction("s1e0w", Regime.E10_0, Access.WRITE, false),
          new Instruction("s12e1w", Regime.E10_1, Access.WRITE, true),
          new Instruction("s12e0w", Regime.E10_0, Access.WRITE, true),
          new Instruction("s1e1wp", Regime.E10_1_PAN, Access.WRITE, false),
          new Instruction("s1e2w", Regime.E2, Access.WRITE, false));

  private static final String PROGRAM =
      """
      .arch armv8.2-a
      adr x0, vectors
      msr vbar_el3, x0
      mov x20, #0x09000000
      mov x19, #0x48000000
      mov x0, #0x531
      msr scr_el3, x0
      isb
      msr pan, #1
      mrs x0, id_aa64pfr0_el1
      bl out
      mrs x0, id_aa64isar1_el1
      bl out
      mrs x0, id_aa64mmfr0_el1
      bl out
      mrs x0, id_aa64mmfr1_el1
      bl out
      mrs x0, id_aa64mmfr2_el1
      bl out
      ldr x21, [x19], #8
      next:
      cbz x21, done
      sub x21, x21, #1
      ldr x27, [x19], #8
      mov x22, x27
      mov x26, x19
      1: cbz x22, 2f
      ldp x0, x1, [x19], #16
      str x1, [x0]
      sub x22, x22, #1
      b 1b
      2:
      @LOAD@
      dsb sy
      isb
      ldr x23, [x19], #8
      3: cbz x23, 4f
      ldr x24, [x19], #8
      sub x23, x23, #1
      @AT@
      b 3b
      4:
      cbz x27, next
      ldr x1, [x26], #16
      ldr x0, [x1]
      str xzr, [x1]
      sub x27, x27, #1
      bl out
      b 4b
      out:
      mov x10, #8
      7: strb w0, [x20]
      lsr x0, x0, #8
      sub x10, x10, #1
      cbnz x10, 7b
      ret
      done:
      adr x1, parameters
      mov w0, #0x18
      hlt #0xf000
      b .
      .balign 8
      parameters: .quad 0x20026, 0
      .balign 2048
      vectors:
      .space 0x200
      mrs x0, esr_el3
      orr x0, x0, #0x4000000000000000
      msr par_el1, x0
      mrs x0, elr_el3
      add x0, x0, #4
      msr elr_el3, x0
      eret
      """;

  @TempDir private Path directory;

  @Test
  void agreesWithQemu() throws IOException, InterruptedException {
    compare(Long.getLong("kasuari.seed", 1), Integer.getInteger("kasuari.at.cases", 4000));
  }

  private void compare(long seed, int count) throws IOException, InterruptedException {
    System.out.println("address translation, seeds " + seed + " to " + (seed + count - 1));
    var cases = new ArrayList<AtCase>();
    for (int i = 0; i < count; i++) {
      cases.add(new AtCase(seed + i));
    }
    ByteBuffer answers = run(cases);
    var features =
        VmsaFeatures.of(
            answers.getLong(),
            answers.getLong(),
            answers.getLong(),
            answers.getLong(),
            answers.getLong());
    var differences = new ArrayList<String>();
    try (var fixture = new MmuFixture(features)) {
      for (int i = 0; i < count; i++) {
        compare(fixture, cases.get(i), "seed " + (seed + i), answers, differences);
      }
    }
    differences.stream().limit(20).forEach(System.out::println);
    assertThat(differences).isEmpty();
  }

  private static void load(MmuFixture fixture, AtCase one) {
    one.memory.forEach(fixture::poke);
    var state = fixture.state;
    long[] r = one.registers;
    state.set(ArmState.SCTLR, 1, r[0]);
    state.set(ArmState.TCR, 1, r[1]);
    state.set(ArmState.TTBR0, 1, r[2]);
    state.set(ArmState.TTBR1, 1, r[3]);
    state.set(ArmState.MAIR, 1, r[4]);
    state.set(ArmState.HCR, r[5]);
    state.set(ArmState.VTCR, r[6]);
    state.set(ArmState.VTTBR, r[7]);
    state.set(ArmState.SCTLR, 2, r[8]);
    state.set(ArmState.TCR, 2, r[9]);
    state.set(ArmState.TTBR0, 2, r[10]);
    state.set(ArmState.TTBR1, 2, r[11]);
    state.set(ArmState.MAIR, 2, r[12]);
    state.set(ArmState.SCR, 0x531);
  }

  private static void compare(
      MmuFixture fixture, AtCase one, String name, ByteBuffer answers, List<String> differences) {
    load(fixture, one);
    boolean e2h = (one.registers[5] >>> 34 & 1) != 0;
    boolean same = true;
    for (long va : one.addresses) {
      for (var at : INSTRUCTIONS) {
        Regime regime = at.regime(e2h);
        long ours = fixture.mmu.addressTranslate(va, regime, at.access, at.bothStages, fixture.out);
        long theirs = answers.getLong();
        // What is in physical memory where nothing was put, each board says for itself.
        boolean equal = fixture.mmu.external() || equal(ours, theirs);
        if (!equal && same) {
          differences.add(
              "%s: at %s 0x%x: 0x%x, QEMU 0x%x; %s"
                  .formatted(name, at.name, va, ours, theirs, one));
          same = false;
        }
      }
    }
    for (long address : one.memory.keySet()) {
      long ours = fixture.peek(address);
      long theirs = answers.getLong();
      fixture.poke(address, 0);
      if (ours != theirs && same) {
        differences.add(
            "%s: descriptor at 0x%x: 0x%x, QEMU 0x%x; %s"
                .formatted(name, address, ours, theirs, one));
        same = false;
      }
    }
  }

  /**
   * QEMU 7.2 shows the shareability of descriptors, not that of devices, and the level of stage 1
   * where stage 2 faults on its walk; both were mended later. What kind of Device the two stages
   * make together it does not tell by the weaker one, where stage 1 says Normal with an inner
   * cacheability of the same bits or HCR_EL2.FWB is set.
   */
  private static boolean equal(long ours, long theirs) {
    if ((ours & 0x101) == 0x101) {
      return (ours & ~6) == (theirs & ~6);
    }
    boolean success = (ours & 1) == 0;
    boolean device = success && ours >>> 60 == 0;
    boolean outer = success && (ours & 0x180) == 0x100;
    long different = ours ^ theirs;
    return (different & ~(device ? DEVICE : 0) & ~(outer ? SHARES : 0)) == 0;
  }

  private static String program() {
    var load = new StringBuilder();
    for (String register : AtCase.REGISTERS) {
      // Tables of EL2 in two ranges have a register that the base architecture does not name.
      String name = register.equals("ttbr1_el2") ? "s3_4_c2_c0_1" : register;
      load.append("ldr x0, [x19], #8\nmsr ").append(name).append(", x0\n");
    }
    var at = new StringBuilder();
    for (var instruction : INSTRUCTIONS) {
      at.append("tlbi alle1\ntlbi alle2\ntlbi alle3\ndsb sy\nisb\nat ")
          .append(instruction.name)
          .append(", x24\nisb\nmrs x0, par_el1\nbl out\n");
    }
    return PROGRAM.replace("@LOAD@", load).replace("@AT@", at);
  }

  private ByteBuffer run(List<AtCase> cases) throws IOException, InterruptedException {
    Path source = Files.writeString(directory.resolve("at.s"), program());
    Path object = directory.resolve("at.o");
    Path binary = directory.resolve("at.bin");
    execute("aarch64-linux-gnu-as", "-o", object.toString(), source.toString());
    execute("aarch64-linux-gnu-objcopy", "-O", "binary", object.toString(), binary.toString());
    var bytes =
        ByteBuffer.allocate(8 + cases.stream().mapToInt(AtCase::bytes).sum())
            .order(ByteOrder.LITTLE_ENDIAN);
    bytes.putLong(cases.size());
    cases.forEach(one -> one.write(bytes));
    Path data = Files.write(directory.resolve("cases.bin"), bytes.array());
    Path answers = directory.resolve("answers.bin");
    execute(
        "qemu-system-aarch64",
        "-M",
        "virt,virtualization=on,secure=on",
        "-cpu",
        "max",
        "-m",
        "512",
        "-nic",
        "none",
        "-display",
        "none",
        "-monitor",
        "none",
        "-serial",
        "file:" + answers,
        "-semihosting",
        "-device",
        "loader,file=%s,addr=0x%x,force-raw=on".formatted(data, CASES_AT),
        "-device",
        "loader,file=%s,addr=0x%x,cpu-num=0,force-raw=on".formatted(binary, PROGRAM_AT));
    return ByteBuffer.wrap(Files.readAllBytes(answers)).order(ByteOrder.LITTLE_ENDIAN);
  }

  private void execute(String... command) throws IOException, InterruptedException {
    Process process = new ProcessBuilder(command).directory(directory.toFile()).inheritIO().start();
    if (!process.waitFor(PATIENCE_SECONDS, TimeUnit.SECONDS)) {
      process.destroyForcibly();
      throw new IOException(command[0] + " did not end");
    }
    assertThat(process.exitValue()).as(command[0]).isZero();
  }
}
