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
 * Debug exceptions with all exception levels and both worlds: from which level they come, to EL1 or
 * by MDCR_EL2.TDE and HCR_EL2.TGE to EL2, held back by MDCR_EL3.SDD, and never at EL3.
 */
@Tag("guest")
class DebugLevelsQemuTest {
  private static final int DEFAULT_CASES = 6000;
  private static final long HCR_RW = 1L << 31;
  private static final long HCR_TGE = 1L << 27;

  // SCR_EL3: RES1, HCE and RW; NS.
  private static final long SCR = 0x30 | 1 << 8 | 1 << 10;
  private static final long SDD = 1L << 16;

  /** TDE, TDA, TDOSA and TDRA. */
  private static final long MDCR_EL2 = 0xf00;

  /** TDA and TDOSA. */
  private static final long MDCR_EL3 = 0x600;

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
    "hcr_el2",
    "mdcr_el2",
    "mdcr_el3",
    "scr_el3",
    "elr_el3",
    "spsr_el3"
  };

  private static final String[] RESULTS = {"vector", "esr", "far", "elr", "spsr"};

  @TempDir private Path directory;

  private static final String PROGRAM =
      """
      .macro entry number, level
      .balign 128
      mov x27, #\\number
      b reached\\level
      .endm
      .macro vectors level
      .balign 2048
      vectors\\level:
      .irp n,0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15
      entry 16*(\\level-1)+\\n, \\level
      .endr
      .endm
      .macro reached level
      reached\\level:
      .if \\level == 3
      cbnz x28, collect
      .endif
      mov x25, x27
      mrs x20, esr_el\\level
      mrs x22, far_el\\level
      mrs x23, elr_el\\level
      mrs x24, spsr_el\\level
      .if \\level == 3
      b collect
      .else
      mov x28, #1
      smc #0
      .endif
      .endm
      .irp level,1,2,3
      adr x0, vectors\\level
      msr vbar_el\\level, x0
      .endr
      mov x0, #3 << 20
      msr cpacr_el1, x0
      mov x0, #0x33ff
      msr cptr_el2, x0
      msr cptr_el3, xzr
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
      .irp level,1,2,3
      msr far_el\\level, xzr
      .endr
      ldr x0, [x19], #8
      mov x28, #0
      mov x30, #0
      isb
      eret
      reached 1
      reached 2
      reached 3
      collect:
      msr mdscr_el1, xzr
      mov x0, x25
      out
      mov x0, x20
      out
      mov x0, x22
      out
      mov x0, x23
      out
      mov x0, x24
      out
      b next
      done:
      finish
      .balign 64
      pads:
      @PADS@
      end:
      vectors 1
      vectors 2
      vectors 3
      """;

  private record Case(Map<String, Long> registers, int pad, long address) {
    static Case make(SplittableRandom random) {
      var plain = DebugQemuTest.Case.make(random);
      var r = new HashMap<>(plain.registers());
      long address = DebugQemuTest.BYTES + 64 + 8L * random.nextInt(-2, 3);
      boolean secure = random.nextInt(4) == 0;
      int level = secure ? new int[] {0, 1, 1, 3}[random.nextInt(4)] : random.nextInt(4);
      r.put("scr_el3", SCR | (secure ? 0 : 1));
      boolean general = !secure && level != 1 && random.nextInt(4) == 0;
      r.put("hcr_el2", HCR_RW | (general ? HCR_TGE : 0));
      r.put("mdcr_el2", SystemQemuTest.bits(random, MDCR_EL2, 2));
      r.put("mdcr_el3", SystemQemuTest.bits(random, MDCR_EL3 | SDD, 2));
      for (String i : List.of("dbgbcr0", "dbgbcr1", "dbgwcr0", "dbgwcr1")) {
        // SSC. Without FEAT_SEL2, 3 is reserved but for EL2 alone (CheckValidStateMatch): such a
        // breakpoint is disabled or of any defined kind. QEMU has it match the Non-secure state;
        // here it is as with secure EL2: of the Secure state without HMC, of both with it.
        long world = random.nextInt(3) == 0 ? random.nextInt(4) : 0;
        boolean higher = (r.getOrDefault(i + "_el1", 0L) >> 13 & 1) != 0;
        world = world == 3 && (secure || !higher) ? 0 : world;
        r.merge(i + "_el1", world << 14, Long::sum);
      }
      r.put("elr_el3", r.getOrDefault("elr_el1", 0L));
      long state = r.getOrDefault("spsr_el1", 0L) & ~15L;
      r.put("spsr_el3", state | (level == 0 ? 0L : level << 2 | 1));
      return new Case(r, plain.pad(), address);
    }

    void write(ByteBuffer to) {
      for (String register : REGISTERS) {
        to.putLong(registers.getOrDefault(register, 0L));
      }
      to.putLong(address);
    }

    @Override
    public String toString() {
      var text = new StringBuilder(DebugQemuTest.PADS[pad].replace("\n", "; "));
      text.append(" with x0 0x%x".formatted(address));
      for (String register : REGISTERS) {
        text.append(", %s 0x%x".formatted(register, registers.getOrDefault(register, 0L)));
      }
      return text.toString();
    }
  }

  private static String program() {
    var load = new StringBuilder();
    for (String register : REGISTERS) {
      load.append("ldr x0, [x19], #8\nmsr ").append(register).append(", x0\n");
    }
    return PROGRAM.replace("@LOAD@", load).replace("@PADS@", DebugQemuTest.pads());
  }

  @Test
  void exceptionsAreQemus() throws IOException, InterruptedException {
    long seed = Long.getLong("kasuari.seed", 1);
    int count = Integer.getInteger("kasuari.system.cases", DEFAULT_CASES);
    System.out.println("debug exceptions at all levels, seed " + seed);
    var random = new SplittableRandom(seed);
    var cases = new ArrayList<Case>();
    int bytes = 8 + count * 8 * (REGISTERS.length + 1);
    var data = ByteBuffer.allocate(bytes).order(ByteOrder.LITTLE_ENDIAN).putLong(count);
    for (int i = 0; i < count; i++) {
      cases.add(Case.make(random));
      cases.getLast().write(data);
    }
    var program = new SystemProgram(directory, program());
    ByteBuffer theirs = program.qemu("virt,virtualization=on,secure=on", "max", data.array());
    var model = ArmModel.named("max").withLevels(true, true);
    for (boolean machineCode : new boolean[] {false, true}) {
      ByteBuffer ours = program.ours(model, machineCode, data.array());
      assertThat(differences(cases, ours, theirs.rewind())).isEmpty();
    }
  }

  private static List<String> differences(List<Case> cases, ByteBuffer ours, ByteBuffer theirs) {
    assertThat(ours.remaining()).isEqualTo(theirs.remaining());
    var differences = new ArrayList<String>();
    var classes = new HashMap<String, Integer>();
    for (Case one : cases) {
      var text = new StringBuilder();
      long vector = 0;
      for (String result : RESULTS) {
        long our = ours.getLong();
        long their = theirs.getLong();
        vector = result.equals("vector") ? our : vector;
        if (result.equals("esr")) {
          classes.merge("EL%d 0x%x".formatted(vector / 16 + 1, our >>> 26), 1, Integer::sum);
        }
        if (our != their && !DebugQemuTest.excused(result, our, their)) {
          text.append("%s 0x%x, QEMU 0x%x; ".formatted(result, our, their));
        }
      }
      if (!text.isEmpty() && differences.size() < 20) {
        differences.add(text.append(one).toString());
      }
    }
    System.out.println("exception levels and classes: " + classes);
    for (String seen : List.of("30", "31", "32", "33", "34", "35", "3c")) {
      assertThat(classes.keySet()).anyMatch(c -> c.startsWith("EL1") && c.endsWith("0x" + seen));
    }
    assertThat(classes).containsKeys("EL2 0x30", "EL2 0x32", "EL2 0x34", "EL2 0x3c", "EL3 0x3c");
    return differences;
  }
}
