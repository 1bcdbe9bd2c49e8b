package dev.kasuari.target.arm.translate;

import static org.assertj.core.api.Assertions.assertThat;

import dev.kasuari.target.arm.cpu.ArmModel;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Software steps, breakpoints and watchpoints with random controls, at EL1 and EL0: which exception
 * comes first, where, and with which syndrome.
 */
@Tag("guest")
class DebugQemuTest {
  private static final int DEFAULT_CASES = 6000;

  /** Where code and data of the cases are. */
  private static final long CODE = 0x4420_0000L;

  static final long BYTES = 0x4430_0000L;

  private static final int PAD = 32;

  /** What a case runs. */
  static final String[] PADS = {
    "nop\nnop\nnop",
    "ldr x1, [x0]\nnop",
    "str x1, [x0]\nnop",
    "ldp x1, x2, [x0]\nnop",
    "stp x1, x2, [x0, #-16]\nnop",
    "ldrb w1, [x0, #3]\nstrb w1, [x0, #12]",
    "strh w1, [x0, #6]\nldrh w1, [x0, #6]",
    "ldxr x1, [x0]\nnop",
    "ldr q1, [x0]\nstr q1, [x0, #16]",
    "svc #3\nnop",
    "br x5\nnop",
    "blr x5\nnop",
    "b 1f\n1: nop",
    "cbz xzr, 1f\nnop\n1: nop",
    "msr daifclr, #8\nnop",
    "msr daif, xzr\nnop",
    "yield\nnop",
    "brk #5\nnop",
    "udf #5\nnop",
    "msr tpidr_el0, x1\nmrs x1, tpidr_el0"
  };

  private static final String[] REGISTERS = {
    "dbgbcr0_el1",
    "dbgbvr0_el1",
    "dbgbcr1_el1",
    "dbgbvr1_el1",
    "dbgbcr4_el1",
    "dbgbvr4_el1",
    "dbgwcr0_el1",
    "dbgwvr0_el1",
    "dbgwcr1_el1",
    "dbgwvr1_el1",
    "contextidr_el1",
    "oslar_el1",
    "mdscr_el1",
    "elr_el1",
    "spsr_el1"
  };

  private static final String[] RESULTS = {"vector", "esr", "far", "elr", "spsr"};

  @TempDir private Path directory;

  private static String program() {
    var load = new StringBuilder();
    for (String register : REGISTERS) {
      load.append("ldr x0, [x19], #8\nmsr ").append(register).append(", x0\n");
    }
    return PROGRAM.replace("@LOAD@", load).replace("@PADS@", pads());
  }

  /** All that cases run, each at a multiple of its room. */
  static String pads() {
    var pads = new StringBuilder();
    for (String pad : PADS) {
      pads.append(pad).append("\nbrk #7\n.balign ").append(PAD).append('\n');
    }
    return pads.toString();
  }

  private static final String PROGRAM =
      """
      .macro entry number
      .balign 128
      mov x27, #\\number
      b reached
      .endm
      adr x0, vectors
      msr vbar_el1, x0
      mov x0, #3 << 20
      msr cpacr_el1, x0
      isb
      adr x0, pads
      mov x1, #0x44200000
      mov x3, #(end - pads) / 8
      copy:
      ldr x4, [x0], #8
      str x4, [x1], #8
      sub x3, x3, #1
      cbnz x3, copy
      dsb sy
      ic iallu
      dsb sy
      isb
      mov x5, #0x44200000
      mov x19, #0x48000000
      ldr x21, [x19], #8
      next:
      cbz x21, done
      sub x21, x21, #1
      @LOAD@
      msr far_el1, xzr
      ldr x0, [x19], #8
      mov x30, #0
      isb
      eret
      reached:
      msr mdscr_el1, xzr
      mov x0, x27
      out
      mrs x0, esr_el1
      out
      mrs x0, far_el1
      out
      mrs x0, elr_el1
      out
      mrs x0, spsr_el1
      out
      b next
      done:
      finish
      .balign 64
      pads:
      @PADS@
      end:
      .balign 2048
      vectors:
      .irp n,0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15
      entry \\n
      .endr
      """;

  record Case(Map<String, Long> registers, int pad, long address) {
    static Case make(SplittableRandom random) {
      var r = new HashMap<String, Long>();
      int pad = random.nextInt(PADS.length);
      long address = BYTES + 64 + 8L * random.nextInt(-2, 3);
      r.put("mdscr_el1", SystemQemuTest.bits(random, 1 << 13 | 1 << 15 | 1, 2));
      r.put("oslar_el1", 0L); // which holds debug exceptions back, but QEMU 7.2 has them
      r.put("contextidr_el1", (long) random.nextInt(2));
      for (String i : List.of("0", "1")) {
        // E, PMC, HMC, linked to 4 or not.
        long control = SystemQemuTest.bits(random, 1 | 6 | 1 << 13, 2) | 0xf << 5;
        control |= random.nextInt(3) == 0 ? 1 << 20 | 4 << 16 : 0;
        r.put("dbgbcr" + i + "_el1", control);
        r.put("dbgbvr" + i + "_el1", CODE + (long) PAD * pad + 4L * random.nextInt(4));
        r.put("dbgwcr" + i + "_el1", watchpoint(random));
        r.put("dbgwvr" + i + "_el1", BYTES + 64 + 8L * random.nextInt(-3, 4));
      }
      r.put("dbgbcr4_el1", 3 << 20 | 0xf << 5 | SystemQemuTest.bits(random, 1 | 6, 4) | 6);
      r.put("dbgbvr4_el1", (long) random.nextInt(2));
      r.put("elr_el1", CODE + (long) PAD * pad);
      long state = 0x1c0 | (random.nextInt(3) == 0 ? 5 : 0);
      r.put("spsr_el1", state | SystemQemuTest.bits(random, 1 << 21 | 1 << 9, 2));
      return new Case(r, pad, address);
    }

    /** E, PAC, LSC and bytes in a row, or a mask. */
    private static long watchpoint(SplittableRandom random) {
      long control = SystemQemuTest.bits(random, 0x1f | 1 << 13, 2);
      if (random.nextInt(4) == 0) {
        return control | 0xff << 5 | (long) random.nextInt(3, 7) << 24;
      }
      int first = random.nextInt(8);
      int count = random.nextInt(1, 9 - first);
      long bytes = ((1L << count) - 1) << first;
      control |= random.nextInt(4) == 0 ? 1 << 20 | 4 << 16 : 0;
      return control | bytes << 5;
    }

    void write(ByteBuffer to) {
      for (String register : REGISTERS) {
        to.putLong(registers.getOrDefault(register, 0L));
      }
      to.putLong(address);
    }

    @Override
    public String toString() {
      var text = new StringBuilder(PADS[pad].replace("\n", "; "));
      text.append(" with x0 0x%x".formatted(address));
      for (String register : REGISTERS) {
        text.append(", %s 0x%x".formatted(register, registers.getOrDefault(register, 0L)));
      }
      return text.toString();
    }
  }

  @Test
  void exceptionsAreQemus() throws IOException, InterruptedException {
    long seed = Long.getLong("kasuari.seed", 1);
    int count = Integer.getInteger("kasuari.system.cases", DEFAULT_CASES);
    System.out.println("debug exceptions, seed " + seed);
    var random = new SplittableRandom(seed);
    var cases = new ArrayList<Case>();
    int bytes = 8 + count * 8 * (REGISTERS.length + 1);
    var data = ByteBuffer.allocate(bytes).order(ByteOrder.LITTLE_ENDIAN).putLong(count);
    for (int i = 0; i < count; i++) {
      cases.add(Case.make(random));
      cases.getLast().write(data);
    }
    var program = new SystemProgram(directory, program());
    ByteBuffer theirs = program.qemu("virt", "max", data.array());
    for (boolean machineCode : new boolean[] {false, true}) {
      ByteBuffer ours = program.ours(ArmModel.named("max"), machineCode, data.array());
      assertThat(differences(cases, ours, theirs.rewind())).isEmpty();
    }
  }

  /** QEMU 7.2 exchanges op1 and op2 in the syndrome of a trapped MSR DAIFClr. */
  static boolean excused(String result, long our, long their) {
    return result.equals("esr") && our == 0x620e_d3f0L && their == 0x6207_d3f0L;
  }

  private static List<String> differences(List<Case> cases, ByteBuffer ours, ByteBuffer theirs) {
    assertThat(ours.remaining()).isEqualTo(theirs.remaining());
    var differences = new ArrayList<String>();
    var classes = new HashMap<Long, Integer>();
    for (Case one : cases) {
      var text = new StringBuilder();
      for (String result : RESULTS) {
        long our = ours.getLong();
        long their = theirs.getLong();
        if (result.equals("esr")) {
          classes.merge(our >>> 26, 1, Integer::sum);
        }
        if (our != their && !excused(result, our, their)) {
          text.append("%s 0x%x, QEMU 0x%x; ".formatted(result, our, their));
        }
      }
      if (!text.isEmpty() && differences.size() < 20) {
        differences.add(text.append(one).toString());
      }
    }
    System.out.println("exception classes: " + classes);
    assertThat(classes).containsKeys(0x30L, 0x31L, 0x32L, 0x33L, 0x34L, 0x35L, 0x3cL);
    return differences;
  }
}
