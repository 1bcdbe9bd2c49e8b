package dev.kasuari.target.arm.translate;

import java.nio.ByteBuffer;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * One instruction with what it starts from: system registers, X0 to X3, and the level and state in
 * which it is executed. The program runs it with {@code brk #7} behind it and says which vector is
 * reached first and with what.
 */
final class SystemCase {
  /** What is loaded before, in this order. */
  static final String[] REGISTERS = {
    "elr_el1",
    "spsr_el1",
    "esr_el1",
    "far_el1",
    "elr_el2",
    "spsr_el2",
    "esr_el2",
    "far_el2",
    "esr_el3",
    "far_el3",
    "sctlr_el1",
    "sctlr_el2",
    "sctlr_el3",
    "cpacr_el1",
    "cptr_el2",
    "cptr_el3",
    "mdcr_el2",
    "mdcr_el3",
    "mdscr_el1",
    "oslar_el1",
    "cnthctl_el2",
    "cntkctl_el1",
    "tpidr_el0",
    "tpidr_el1",
    "tpidr_el2",
    "vpidr_el2",
    "vmpidr_el2",
    "contextidr_el1",
    "par_el1",
    "apiakeylo_el1",
    "apiakeyhi_el1",
    "apibkeylo_el1",
    "apibkeyhi_el1",
    "apdakeylo_el1",
    "apdakeyhi_el1",
    "apdbkeylo_el1",
    "apdbkeyhi_el1",
    "apgakeylo_el1",
    "apgakeyhi_el1",
    "tcr_el1",
    "tcr_el2",
    "tcr_el3",
    "hcr_el2",
    "scr_el3"
  };

  /** General-purpose registers that it starts with. */
  static final int OPERANDS = 4;

  /** What is seen after it: the vector, ESR, FAR, ELR, SPSR, X0 to X3, X30 and the flags. */
  static final String[] RESULTS = {
    "vector", "esr", "far", "elr", "spsr", "hpfar", "x0", "x1", "x2", "x3", "x30"
  };

  final Map<String, Long> registers = new LinkedHashMap<>();
  final long[] operands = new long[OPERANDS];
  final String name;
  final int instruction;

  /** SPSR_EL3 with which the instruction is reached. */
  long state;

  SystemCase(String name, int instruction) {
    this.name = name;
    this.instruction = instruction;
    for (String register : REGISTERS) {
      registers.put(register, 0L);
    }
  }

  static int bytes() {
    return 8 * (REGISTERS.length + OPERANDS + 2);
  }

  void write(ByteBuffer to) {
    registers.values().forEach(to::putLong);
    to.putLong(state);
    to.putLong(instruction);
    for (long operand : operands) {
      to.putLong(operand);
    }
  }

  int level() {
    return (int) state >> 2 & 3;
  }

  boolean bit(String register, int bit) {
    return (registers.getOrDefault(register, 0L) >>> bit & 1) != 0;
  }

  @Override
  public String toString() {
    var text =
        new StringBuilder(
            "%s (%08x) at EL%d, state 0x%x".formatted(name, instruction, level(), state));
    for (int i = 0; i < OPERANDS; i++) {
      text.append(", x%d 0x%x".formatted(i, operands[i]));
    }
    registers.forEach((register, value) -> {
      if (value != 0) {
        text.append(", %s 0x%x".formatted(register, value));
      }
    });
    return text.toString();
  }

  /** The program that runs them. */
  static String program() {
    var load = new StringBuilder();
    for (String register : REGISTERS) {
      load.append("ldr x0, [x19], #8\nmsr ")
          .append(SystemProgram.register(register))
          .append(", x0\n");
    }
    return PROGRAM.replace("@LOAD@", load);
  }

  private static final String PROGRAM =
      """
      .macro entry number
      .balign 128
      mov x27, #\\number
      b reached
      .endm
      .macro entries level
      .irp n,0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15
      entry (\\level * 16 + \\n)
      .endr
      .endm
      adr x0, vectors1
      msr vbar_el1, x0
      adr x0, vectors2
      msr vbar_el2, x0
      adr x0, vectors3
      msr vbar_el3, x0
      mov x19, #0x48000000
      adr x28, seen
      ldr x21, [x19], #8
      next:
      cbz x21, done
      sub x21, x21, #1
      @LOAD@
      ldr x0, [x19], #8
      msr spsr_el3, x0
      ldr x1, [x19], #8
      adr x2, slot
      str w1, [x2]
      msr elr_el3, x2
      dc cvau, x2
      dsb ish
      ic ivau, x2
      dsb ish
      isb
      mov x30, #0
      str xzr, [x28]
      ldp x0, x1, [x19], #16
      ldp x2, x3, [x19], #16
      eret
      .balign 64
      slot:
      nop
      brk #7
      brk #8
      .balign 64
      target:
      brk #9
      reached:
      ldr x26, [x28]
      cbnz x26, 1f
      add x26, x27, #1
      str x26, [x28]
      stp x0, x1, [x28, #8]
      stp x2, x3, [x28, #24]
      str x30, [x28, #40]
      1:
      lsr x26, x27, #4
      cmp x26, #3
      b.eq 2f
      smc #0
      b .
      2:
      ldr x22, [x28]
      sub x22, x22, #1
      mov x0, x22
      out
      lsr x22, x22, #4
      mov x0, #0
      msr hcr_el2, x0
      isb
      cmp x22, #2
      b.eq 3f
      b.hi 4f
      mrs x1, esr_el1
      mrs x2, far_el1
      mrs x3, elr_el1
      mrs x4, spsr_el1
      b 5f
      3:
      mrs x1, esr_el2
      mrs x2, far_el2
      mrs x3, elr_el2
      mrs x4, spsr_el2
      b 5f
      4:
      mrs x1, esr_el3
      mrs x2, far_el3
      mrs x3, elr_el3
      mrs x4, spsr_el3
      5:
      adr x5, slot
      sub x3, x3, x5
      mov x0, x1
      out
      mov x0, x2
      out
      mov x0, x3
      out
      mov x0, x4
      out
      mrs x0, hpfar_el2
      out
      ldr x0, [x28, #8]
      out
      ldr x0, [x28, #16]
      out
      ldr x0, [x28, #24]
      out
      ldr x0, [x28, #32]
      out
      ldr x0, [x28, #40]
      out
      b next
      done:
      finish
      .balign 64
      seen: .space 64
      .balign 2048
      vectors3: entries 3
      .balign 2048
      vectors2: entries 2
      .balign 2048
      vectors1: entries 1
      """;

  /** Offset of {@code target} from the instruction. */
  static final int TARGET = 64;
}
