package dev.kasuari.target.arm.cpu;

import static org.assertj.core.api.Assertions.assertThat;

import dev.kasuari.target.arm.isa.A64SystemRegisters;
import dev.kasuari.target.arm.translate.SystemProgram;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.TreeSet;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * What EL1 reads of the registers that say what there is, and of others at reset, as QEMU's models
 * have it.
 */
@Tag("guest")
class IdentificationQemuTest {
  private static final long UNDEFINED = 0xdeadL << 48;

  /**
   * Why a register reads otherwise than QEMU 7.2's: the fields that differ, four bits each, by
   * their lowest bit.
   */
  private static final Map<String, String> REASONS =
      Map.ofEntries(
          Map.entry("s3_0_c0_c4_0 0", "EL0 has no AArch32"),
          Map.entry("s3_0_c0_c4_0 4", "EL1 has no AArch32"),
          Map.entry("s3_0_c0_c4_0 32", "SVE is not there yet"),
          Map.entry("s3_0_c0_c4_0 36", "EL2 is not there yet in the secure state"),
          Map.entry("s3_0_c0_c4_1 24", "SME is not there yet"),
          Map.entry("s3_0_c0_c4_4", "SVE is not there yet"),
          Map.entry("s3_0_c0_c4_5", "SME is not there yet"),
          Map.entry("s3_0_c0_c6_2 0", "QEMU 7.2 lacks waits with a time-out"),
          Map.entry("s3_0_c0_c7_2 32", "QEMU 7.2 lacks FEAT_LSE2"),
          Map.entry("dbgauthstatus_el1", "QEMU 7.2 lacks the register"),
          Map.entry("dbgclaimset_el1", "QEMU 7.2 lacks the register"),
          Map.entry("dbgdtr_el0", "QEMU 7.2 lacks the register"),
          Map.entry("rvbar_el1", "where the test begins"));

  private static final List<String> OTHERS =
      List.of(
          "midr_el1",
          "mpidr_el1",
          "revidr_el1",
          "clidr_el1",
          "aidr_el1",
          "csselr_el1",
          "ctr_el0",
          "dczid_el0",
          "rvbar_el1",
          "sctlr_el1",
          "actlr_el1",
          "cpacr_el1",
          "lorid_el1",
          "erridr_el1",
          "errselr_el1",
          "disr_el1",
          "dbgauthstatus_el1",
          "dbgclaimset_el1",
          "dbgbcr0_el1",
          "dbgdtr_el0",
          "mdrar_el1",
          "oslsr_el1",
          "osdlr_el1",
          "mdscr_el1",
          "mdccint_el1",
          "mdccsr_el0",
          "amair_el1",
          "afsr0_el1",
          "tcr_el1",
          "contextidr_el1",
          "s3_0_c13_c0_7",
          "s3_3_c13_c0_7",
          "s3_3_c4_c2_2",
          "s3_3_c4_c2_7",
          "s3_1_c0_c0_4",
          "s3_1_c0_c0_2",
          "s3_1_c15_c2_0",
          "s3_1_c15_c2_1",
          "s3_1_c11_c0_2");

  @TempDir private Path directory;

  private static List<String> names() {
    var names = new ArrayList<String>();
    for (int crm = 1; crm < 8; crm++) {
      for (int op2 = 0; op2 < 8; op2++) {
        names.add("s3_0_c0_c%d_%d".formatted(crm, op2));
      }
    }
    names.addAll(OTHERS);
    for (int i = 0; i < 8; i++) {
      names.add("ccsidr_el1 " + i);
    }
    return names;
  }

  private static String program() {
    var text = new StringBuilder("adr x0, vectors\nmsr vbar_el1, x0\n");
    for (String name : names()) {
      if (name.startsWith("ccsidr")) {
        text.append("mov x0, #").append(2 * Integer.parseInt(name.substring(11)) / 2);
        text.append("\nmsr csselr_el1, x0\nisb\nmrs x0, ccsidr_el1\n");
      } else {
        text.append("mrs x0, ").append(SystemProgram.register(name)).append('\n');
      }
      text.append("out\n");
    }
    return text.append(
            """
            finish
            .balign 2048
            vectors:
            .space 0x200
            mrs x0, elr_el1
            add x0, x0, #4
            msr elr_el1, x0
            movz x0, #0xdead, lsl #48
            eret
            """)
        .toString();
  }

  private static Map<String, Long> read(ByteBuffer results) {
    var values = new LinkedHashMap<String, Long>();
    names().forEach(name -> values.put(name, results.getLong()));
    assertThat(results.hasRemaining()).isFalse();
    return values;
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "cortex-a53",
        "cortex-a57",
        "cortex-a72",
        "cortex-a76",
        "neoverse-n1",
        "max,pauth=off",
        "max,pauth-impdef=on",
        "max",
        "max,pauth-impdef=on,lpa2=off",
        "max,pauth-impdef=on,pmu=off"
      })
  void areAsQemus(String cpu) throws IOException, InterruptedException {
    var program = new SystemProgram(directory, program());
    Map<String, Long> theirs = read(program.qemu("virt", cpu, new byte[8]));
    // The default of QEMU 7.2.
    var model = ArmModel.parse(cpu.equals("max") ? "max,pauth-qarma5=on" : cpu);
    Map<String, Long> ours = read(program.ours(model, false, new byte[8]));
    var unexplained = new TreeMap<String, String>();
    ours.forEach(
        (name, value) -> compare(model, name, value, theirs.getOrDefault(name, 0L), unexplained));
    assertThat(unexplained).isEmpty();
  }

  /** Whether a field is less than the model's because its instructions are not there yet. */
  private static boolean later(ArmModel model, String name, int shift) {
    String[] n = name.split("[_c]+", -1);
    if (!name.startsWith("s3_0_c0_c")) {
      return false;
    }
    String register =
        A64SystemRegisters.name(
            A64SystemRegisters.number(3, 0, 0, Integer.parseInt(n[3]), Integer.parseInt(n[4])));
    return Identification.later(register, shift, model.identification(register));
  }

  private static void compare(
      ArmModel model, String name, long ours, long theirs, Map<String, String> unexplained) {
    if (ours == theirs || REASONS.containsKey(name)) {
      return;
    }
    if (name.matches("s3_0_c0_c[123]_.")) {
      // AArch32's registers, which are unknown without it.
      assertThat(ours).isZero();
      return;
    }
    var fields = new TreeSet<String>();
    for (int shift = 0; shift < 64; shift += 4) {
      boolean same = ((ours ^ theirs) >>> shift & 15) == 0;
      boolean explained = REASONS.containsKey(name + " " + shift) || later(model, name, shift);
      if (!same && !explained) {
        fields.add(name + " " + shift);
      }
    }
    if (!fields.isEmpty() || ours == UNDEFINED || theirs == UNDEFINED) {
      unexplained.put(name, "%s: ours 0x%x, QEMU's 0x%x".formatted(fields, ours, theirs));
    }
  }
}
