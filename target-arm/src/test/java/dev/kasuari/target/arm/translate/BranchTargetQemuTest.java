package dev.kasuari.target.arm.translate;

import static org.assertj.core.api.Assertions.assertThat;

import dev.kasuari.target.arm.cpu.ArmModel;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Indirect branches from and to pages with and without guard, at EL1 and EL0, with tags in their
 * targets: where they are refused, and what of BTYPE is seen. The same branches are taken again and
 * again, so that most of them are of those that are not looked at any more.
 */
@Tag("guest")
class BranchTargetQemuTest {
  private static final int DEFAULT_CASES = 6000;

  /** Where the pads are run: a guarded page, and one without. */
  private static final long[] PAGES = {0x8420_0000L, 0x8440_0000L};

  private static final int SOURCES = 5;
  private static final int TARGETS = 10;
  private static final int PAD = 64;

  private static final String[] RESULTS = {"vector", "esr", "elr", "spsr", "far"};

  private static final long SCTLR = 0x30d0_1805L;

  private static final String PROGRAM =
      """
      .macro entry number
      .balign 128
      mov x27, #\\number
      b reached
      .endm
      adr x0, vectors
      msr vbar_el1, x0
      adr x0, sources
      mov x1, #0x44200000
      mov x2, #0x44400000
      mov x3, #(end - sources) / 8
      copy:
      ldr x4, [x0], #8
      str x4, [x1], #8
      str x4, [x2], #8
      sub x3, x3, #1
      cbnz x3, copy
      mov x0, #0x46000000
      ldr x1, =0x0060000000000405
      str x1, [x0]
      ldr x1, =0x0040000040000701
      str x1, [x0, #8]
      ldr x1, =0x46001003
      str x1, [x0, #16]
      mov x2, #0x46000000
      add x2, x2, #0x1000
      ldr x1, =0x00040000442007c1
      str x1, [x2, #33 * 8]
      ldr x1, =0x00000000444007c1
      str x1, [x2, #34 * 8]
      msr ttbr0_el1, x0
      mov x0, #0xff
      msr mair_el1, x0
      dsb sy
      ic iallu
      tlbi vmalle1
      dsb sy
      isb
      mov x19, #0x48000000
      ldr x21, [x19], #8
      next:
      cbz x21, done
      sub x21, x21, #1
      ldr x0, [x19], #8
      msr elr_el1, x0
      ldr x16, [x19], #8
      mov x17, x16
      mov x5, x16
      ldr x0, [x19], #8
      msr tcr_el1, x0
      ldr x0, [x19], #8
      msr sctlr_el1, x0
      isb
      ldr x0, [x19], #8
      msr spsr_el1, x0
      msr far_el1, xzr
      eret
      reached:
      mov x0, x27
      out
      mrs x0, esr_el1
      out
      mrs x0, elr_el1
      out
      mrs x0, spsr_el1
      out
      mrs x0, far_el1
      out
      b next
      done:
      finish
      .ltorg
      .balign 64
      sources:
      br x16
      .balign 64
      br x17
      .balign 64
      br x5
      .balign 64
      blr x5
      .balign 64
      ret x5
      .balign 64
      hint #32
      brk #7
      .balign 64
      hint #34
      brk #7
      .balign 64
      hint #36
      brk #7
      .balign 64
      hint #38
      brk #7
      .balign 64
      hint #25
      brk #7
      .balign 64
      hint #27
      brk #7
      .balign 64
      brk #1
      .balign 64
      hlt #1
      .balign 64
      svc #1
      .balign 64
      nop
      brk #7
      .balign 64
      end:
      .balign 2048
      vectors:
      .irp n,0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15
      entry \\n
      .endr
      """;

  @TempDir private Path directory;

  private record Case(long source, long target, long tcr, long sctlr, long spsr) {
    static Case make(SplittableRandom random) {
      long source = PAGES[random.nextInt(2)] + (long) PAD * random.nextInt(SOURCES);
      long target = PAGES[random.nextInt(2)] + (long) PAD * (SOURCES + random.nextInt(TARGETS));
      // T0SZ, attributes and EPD1; TBI0 and TBID0.
      long tcr = 32 | 0x35 << 8 | 1 << 23;
      if (random.nextInt(4) == 0) {
        tcr |= SystemQemuTest.bits(random, 1L << 37 | 1L << 51, 2);
        target |= (long) random.nextInt(3) << 57;
        source |= (long) random.nextInt(2) << 60;
      }
      long sctlr = SCTLR | SystemQemuTest.bits(random, 3L << 35, 2);
      long state = 0x3c0 | (random.nextInt(3) == 0 ? 5 : 0);
      // A return to the middle of a branch.
      state |= random.nextInt(8) == 0 ? (long) random.nextInt(4) << 10 : 0;
      return new Case(source, target, tcr, sctlr, state);
    }

    void write(ByteBuffer to) {
      to.putLong(source).putLong(target).putLong(tcr).putLong(sctlr).putLong(spsr);
    }

    @Override
    public String toString() {
      return "from 0x%x to 0x%x, tcr 0x%x, sctlr 0x%x, spsr 0x%x"
          .formatted(source, target, tcr, sctlr, spsr);
    }
  }

  @Test
  void areRefusedAsByQemu() throws IOException, InterruptedException {
    long seed = Long.getLong("kasuari.seed", 1);
    int count = Integer.getInteger("kasuari.system.cases", DEFAULT_CASES);
    System.out.println("branches, seed " + seed);
    var random = new SplittableRandom(seed);
    var cases = new ArrayList<Case>();
    var data = ByteBuffer.allocate(8 + count * 40).order(ByteOrder.LITTLE_ENDIAN).putLong(count);
    for (int i = 0; i < count; i++) {
      cases.add(Case.make(random));
      cases.getLast().write(data);
    }
    var program = new SystemProgram(directory, PROGRAM);
    ByteBuffer theirs = program.qemu("virt", "max", data.array());
    for (boolean machineCode : new boolean[] {false, true}) {
      ByteBuffer ours =
          program.ours(ArmModel.parse("max,pauth-qarma5=on"), machineCode, data.array());
      assertThat(differences(cases, ours, theirs.rewind())).isEmpty();
    }
  }

  /** QEMU 7.2 has no IL in the syndrome of a Branch Target exception. */
  private static boolean excused(String result, long our, long their) {
    return result.equals("esr") && our >>> 26 == 0x0d && our == (their | 1 << 25);
  }

  private static List<String> differences(List<Case> cases, ByteBuffer ours, ByteBuffer theirs) {
    assertThat(ours.remaining()).isEqualTo(theirs.remaining());
    int refused = 0;
    var differences = new ArrayList<String>();
    for (Case one : cases) {
      var text = new StringBuilder();
      for (String result : RESULTS) {
        long our = ours.getLong();
        long their = theirs.getLong();
        refused += result.equals("esr") && our >>> 26 == 0x0d ? 1 : 0;
        if (our != their && !excused(result, our, their)) {
          text.append("%s 0x%x, QEMU 0x%x; ".formatted(result, our, their));
        }
      }
      if (!text.isEmpty() && differences.size() < 20) {
        differences.add(text.append(one).toString());
      }
    }
    assertThat(refused).isGreaterThan(cases.size() / 10);
    return differences;
  }
}
