package dev.kasuari.target.arm.translate;

import static org.assertj.core.api.Assertions.assertThat;

import dev.kasuari.target.arm.cpu.ArmModel;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Accesses of Normal memory that are not aligned, with and without FEAT_LSE2: which fault, what
 * they do, and that others see all or nothing of what lies within 16 bytes. Source: DDI 0487,
 * B2.2.1, B2.8.2 and the function AArch64.UnalignedAccessFaults.
 */
@Tag("guest")
class UnalignedTest {
  private static final int LOOKED_AT = 40;
  private static final long ABORT = 0x9600_0021L;
  private static final long WRITES = 0x40;
  private static final int A = 1 << 1;
  private static final int NAA = 1 << 6;
  private static final long VALUE = 0x8182_8384_8586_8788L;

  /** What may fault. */
  private enum Kind {
    PLAIN,
    ATOMIC,
    ORDERED
  }

  /**
   * An instruction on the address in X1.
   *
   * @param size of the whole access
   * @param element of what has to be aligned if everything has to be
   * @param stores bytes of X2 that are in memory afterwards, 0 for none
   */
  private record Access(String text, Kind kind, int size, int element, int stores) {
    boolean faults(int offset, int control, boolean lse2) {
      if (offset % element == 0) {
        return false;
      }
      boolean within = lse2 && offset % 16 + size <= 16;
      return (control & A) != 0
          || switch (kind) {
            case PLAIN -> false;
            case ATOMIC -> !within;
            case ORDERED -> !within && !(lse2 && (control & NAA) != 0);
          };
    }

    /** Whether its fault is one of a write: all that may write are. */
    boolean writes() {
      return stores > 0 && !text.startsWith("ldx") && !text.startsWith("ldax");
    }
  }

  private static final List<Access> ACCESSES =
      List.of(
          new Access("ldr x3, [x1]", Kind.PLAIN, 8, 8, 0),
          new Access("ldr w3, [x1]", Kind.PLAIN, 4, 4, 0),
          new Access("ldrh w3, [x1]", Kind.PLAIN, 2, 2, 0),
          new Access("ldp x3, x4, [x1]", Kind.PLAIN, 16, 8, 0),
          new Access("ldp w3, w4, [x1]", Kind.PLAIN, 8, 4, 0),
          new Access("str x2, [x1]", Kind.PLAIN, 8, 8, 8),
          new Access("strh w2, [x1]", Kind.PLAIN, 2, 2, 2),
          new Access("stp w2, w8, [x1]", Kind.PLAIN, 8, 4, 8),
          new Access("ldxr x3, [x1]\nstxr w5, x2, [x1]", Kind.ATOMIC, 8, 8, 8),
          new Access("ldaxr w3, [x1]\nstlxr w5, w2, [x1]", Kind.ATOMIC, 4, 4, 4),
          new Access("ldxrh w3, [x1]\nstxrh w5, w2, [x1]", Kind.ATOMIC, 2, 2, 2),
          new Access("ldxp w3, w4, [x1]\nstxp w5, w2, w8, [x1]", Kind.ATOMIC, 8, 8, 8),
          new Access("swp x2, x3, [x1]", Kind.ATOMIC, 8, 8, 8),
          new Access("swpal w2, w3, [x1]", Kind.ATOMIC, 4, 4, 4),
          new Access("swph w2, w3, [x1]", Kind.ATOMIC, 2, 2, 2),
          new Access("ldset xzr, x3, [x1]", Kind.ATOMIC, 8, 8, 0),
          new Access("ldr w3, [x1]\ncas w3, w2, [x1]", Kind.ATOMIC, 4, 4, 4),
          new Access(
              "mov w6, w2\nmov w7, w8\nldp w4, w5, [x1]\ncasp w4, w5, w6, w7, [x1]",
              Kind.ATOMIC,
              8,
              8,
              8),
          new Access("ldar x3, [x1]", Kind.ORDERED, 8, 8, 0),
          new Access("ldarh w3, [x1]", Kind.ORDERED, 2, 2, 0),
          new Access("ldapr w3, [x1]", Kind.ORDERED, 4, 4, 0),
          new Access("ldapur x3, [x1, #0]", Kind.ORDERED, 8, 8, 0),
          new Access("stlr x2, [x1]", Kind.ORDERED, 8, 8, 8),
          new Access("stlur w2, [x1, #0]", Kind.ORDERED, 4, 4, 4));

  private static final String BEGIN =
      """
      .arch armv8.4-a
      adr x0, vectors
      msr vbar_el1, x0
      // One block of 1 GiB of Normal memory, and one of devices.
      mov x1, #0x4a000000
      ldr x0, =0x40000701
      str x0, [x1, #8]
      mov x0, #0x705
      str x0, [x1]
      mov x0, #0xff
      msr mair_el1, x0
      ldr x0, =0x200803519
      msr tcr_el1, x0
      msr ttbr0_el1, x1
      isb
      mrs x0, sctlr_el1
      orr x0, x0, #1
      msr sctlr_el1, x0
      isb
      mov x26, x0
      mov x25, #0x4b000000
      mrs x4, mpidr_el1
      and x4, x4, #0xff
      cbnz x4, second
      """;

  private static final String END =
      """
      .ltorg
      .balign 2048
      vectors:
      .space 0x200
      mrs x24, esr_el1
      mov x0, x30
      msr elr_el1, x0
      mov x0, #0x3c5
      msr spsr_el1, x0
      eret
      """;

  @TempDir private Path directory;

  // ---- faults ----------------------------------------------------------------------------------

  /** Without FEAT_LSE2 those that are older than it. */
  private static List<Access> accesses(boolean lse2) {
    return ACCESSES.stream().filter(a -> lse2 || !a.text.contains("ur ")).toList();
  }

  private static String faultProgram(boolean lse2) {
    var text = new StringBuilder(BEGIN);
    text.append("ldr x8, =0x01020304\nldr x19, =0x4b000000\n");
    for (int control : new int[] {0, A, NAA, A | NAA}) {
      for (Access access : accesses(lse2)) {
        // All offsets in a loop.
        text.append("mov x0, #0x%x\norr x0, x26, x0\n".formatted(control));
        text.append("msr sctlr_el1, x0\nisb\nmov x20, #0\n");
        text.append("5: mov x24, #0\nadr x30, 6f\n");
        text.append("mov x0, x19\nmov x1, #1\n");
        text.append(
            "7: strb w1, [x0], #1\nadd x1, x1, #1\ncmp x1, #%d\nb.ne 7b\n"
                .formatted(LOOKED_AT + 1));
        text.append("ldr x2, =0x%x\nmov x3, #0\nadd x1, x19, x20\n".formatted(VALUE));
        if (access.text.contains("w8")) {
          text.append("lsr x8, x2, #32\n");
        }
        text.append(access.text).append("\n6: mov x0, x24\nout\nmov x0, x3\nout\n");
        for (int at = 0; at < LOOKED_AT; at += 8) {
          text.append("ldr x0, [x19, #%d]\nout\n".formatted(at));
        }
        text.append("add x20, x20, #1\ncmp x20, #17\nb.ne 5b\n");
      }
      text.append("b 8f\n.ltorg\n8:\n");
    }
    return text.append("finish\nsecond: wfe\nb second\n").append(END).toString();
  }

  private static long value(byte[] memory, int at, int size) {
    long value = 0;
    for (int i = 0; i < size; i++) {
      value |= (memory[at + i] & 0xffL) << (8 * i);
    }
    return value;
  }

  private static String check(
      Access access, int offset, int control, boolean lse2, ByteBuffer seen, long unknown) {
    byte[] memory = new byte[LOOKED_AT];
    for (int i = 0; i < LOOKED_AT; i++) {
      memory[i] = (byte) (i + 1);
    }
    boolean faults = access.faults(offset, control, lse2);
    boolean pair = access.text.startsWith("ldp") || access.text.startsWith("ldxp");
    int loaded = pair ? access.size / 2 : access.size;
    boolean loads = access.text.contains("3, [x1") || pair;
    loads |= access.text.startsWith("ldset") || access.text.contains("w3, w2");
    boolean compares = access.text.contains("cas ");
    // What comes before the access is one of words.
    boolean first = (control & A) != 0 && offset % 4 != 0 && access.text.matches("(?s).*cas.*");
    long x3 = loads && (!faults || compares) && !first ? value(memory, offset, loaded) : 0;
    for (int i = 0; i < access.stores && !faults; i++) {
      memory[offset + i] = (byte) (VALUE >>> (8 * i));
    }
    var wrong = new StringBuilder();
    long esr = seen.getLong();
    boolean writes = !first && (access.writes() || writesNothing(access));
    long expected = faults ? ABORT | (writes ? WRITES : 0) : 0;
    long known = access.kind == Kind.ATOMIC ? ~unknown : -1;
    if (((esr ^ expected) & known) != 0) {
      wrong.append("esr 0x%x, expected 0x%x; ".formatted(esr, expected));
    }
    long result = seen.getLong();
    if (result != x3) {
      wrong.append("x3 0x%x, expected 0x%x; ".formatted(result, x3));
    }
    for (int at = 0; at < LOOKED_AT; at += 8) {
      long there = seen.getLong();
      if (there != value(memory, at, 8)) {
        wrong.append(
            "memory at %d 0x%x, expected 0x%x; ".formatted(at, there, value(memory, at, 8)));
      }
    }
    return wrong.toString();
  }

  /** An atomic that stores what was there. */
  private static boolean writesNothing(Access access) {
    return access.text.startsWith("ldset");
  }

  private static List<String> differences(ByteBuffer seen, boolean lse2, long unknown) {
    var differences = new ArrayList<String>();
    for (int control : new int[] {0, A, NAA, A | NAA}) {
      for (Access access : accesses(lse2)) {
        for (int offset = 0; offset <= 16; offset++) {
          String wrong = check(access, offset, control, lse2, seen, unknown);
          if (!wrong.isEmpty()) {
            differences.add(
                "%s at %d, control 0x%x: %s".formatted(access.text, offset, control, wrong));
          }
        }
      }
    }
    assertThat(seen.hasRemaining()).isFalse();
    return differences;
  }

  @ParameterizedTest
  @ValueSource(strings = {"max", "cortex-a76"})
  void faultsAreThoseOfTheManual(String cpu) throws IOException, InterruptedException {
    boolean lse2 = cpu.equals("max");
    var program = new SystemProgram(directory, faultProgram(lse2));
    for (boolean machineCode : new boolean[] {false, true}) {
      for (int cpus = 1; cpus <= 2; cpus++) {
        ByteBuffer seen = program.ours(ArmModel.parse(cpu), cpus, machineCode, new byte[8]);
        assertThat(differences(seen, lse2, 0))
            .as("%d CPUs, machine code %s", cpus, machineCode)
            .isEmpty();
      }
    }
  }

  /**
   * QEMU has FEAT_LSE2 from 8.1 on, which {@code -Dkasuari.qemu.lse2=true} says that this one is.
   * With a single CPU it loads and then stores where an instruction does both.
   */
  @Test
  void qemuFaultsLikeTheManual() throws IOException, InterruptedException {
    boolean lse2 = Boolean.getBoolean("kasuari.qemu.lse2");
    var program = new SystemProgram(directory, faultProgram(lse2));
    String cpu = lse2 ? "max" : "cortex-a76";
    ByteBuffer seen = program.qemu("virt", cpu, new byte[8]);
    List<String> differences = differences(seen, lse2, WRITES);
    // Which QEMU 7.2 does not want aligned.
    differences.removeIf(d -> !lse2 && d.startsWith("ldapr "));
    assertThat(differences).isEmpty();
  }

  // ---- all or nothing --------------------------------------------------------------------------

  /** One writes zeros and ones by turns, the other looks; at each offset. */
  private static final String TORN =
      """
      mov x20, #@OFFSET@
      add x1, x25, x20
      mov x2, #0
      mov x3, #0
      ldr x6, rounds
      mov x0, #1
      str x0, [x25, #64]
      1: ldr x0, [x25, #128]
      cbz x0, 1b
      2: mvn x2, x2
      mov x3, x2
      @STORE@
      sub x6, x6, #1
      cbnz x6, 2b
      str x6, [x25, #64]
      3: ldr x0, [x25, #192]
      cbz x0, 3b
      ldr x0, [x25, #200]
      out
      ldr x0, [x25, #208]
      out
      finish
      second:
      ldr x0, [x25, #64]
      cbz x0, second
      mov x20, #@OFFSET@
      add x1, x25, x20
      mov x13, #0
      mov x14, #0
      str x4, [x25, #128]
      4: @LOAD@
      add x14, x14, #1
      eor x0, x2, x3
      cbz x0, 5f
      add x13, x13, #1
      5: ldr x0, [x25, #64]
      cbnz x0, 4b
      str x13, [x25, #200]
      str x14, [x25, #208]
      dsb sy
      str x4, [x25, #192]
      b .
      .balign 8
      rounds: .quad @ROUNDS@
      """;

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "3 | str x2, [x1] | ldr x2, [x1]; asr x3, x2, #63",
        "8 | str x2, [x1] | ldr x2, [x1]; asr x3, x2, #63",
        "6 | str w2, [x1] | ldrsw x2, [x1]; asr x3, x2, #63",
        "7 | stp w2, w3, [x1] | ldp w2, w3, [x1]",
        "0 | stp x2, x3, [x1] | ldp x2, x3, [x1]",
        "16 | stp x2, x3, [x1] | ldp x2, x3, [x1]",
        "5 | stlr x2, [x1] | ldar x2, [x1]; asr x3, x2, #63",
        "5 | swp x2, x0, [x1] | ldr x2, [x1]; asr x3, x2, #63"
      })
  void othersSeeAllOrNothing(int offset, String store, String load)
      throws IOException, InterruptedException {
    for (boolean machineCode : new boolean[] {false, true}) {
      String text =
          TORN.replace("@OFFSET@", String.valueOf(offset))
              .replace("@STORE@", store)
              .replace("@LOAD@", load.replace("; ", "\n"))
              .replace("@ROUNDS@", machineCode ? "400000" : "60000");
      var program = new SystemProgram(directory, BEGIN + text + END);
      ByteBuffer seen = program.ours(ArmModel.parse("max"), 2, machineCode, new byte[8]);
      assertThat(seen.getLong()).as("torn, machine code %s", machineCode).isZero();
      assertThat(seen.getLong()).as("looks").isPositive();
    }
  }

  /** Both add to a counter in the middle of 16 bytes; each has one of its own beside it. */
  private static final String ADDED =
      """
      second:
      add x1, x25, #3
      ldr x6, rounds
      mov x2, #1
      mov x7, #12
      madd x5, x4, x7, x25
      mov x13, #0
      1: ldadd x2, x0, [x1]
      strb w6, [x5]
      ldrb w0, [x5]
      eor w0, w0, w6
      and w0, w0, #0xff
      orr x13, x13, x0
      sub x6, x6, #1
      cbnz x6, 1b
      add x0, x25, #64
      add x0, x0, x4, lsl #4
      str x13, [x0]
      mov x2, #1
      dmb ish
      str x2, [x0, #8]
      cbnz x4, .
      2: ldr x0, [x25, #88]
      cbz x0, 2b
      dmb ish
      ldr x0, [x25, #3]
      out
      ldr x0, [x25, #64]
      out
      ldr x0, [x25, #80]
      out
      finish
      .balign 8
      rounds: .quad @ROUNDS@
      """;

  @Test
  void atomicsAddUpAndLeaveAloneWhatIsBesideThem() throws IOException, InterruptedException {
    for (boolean machineCode : new boolean[] {false, true}) {
      int rounds = machineCode ? 200_000 : 50_000;
      String text = ADDED.replace("@ROUNDS@", String.valueOf(rounds));
      var program = new SystemProgram(directory, BEGIN + text + END);
      ByteBuffer seen = program.ours(ArmModel.parse("max"), 2, machineCode, new byte[8]);
      assertThat(seen.getLong()).as("machine code %s", machineCode).isEqualTo(2L * rounds);
      assertThat(seen.getLong()).as("of the first").isZero();
      assertThat(seen.getLong()).as("of the second").isZero();
    }
  }
}
