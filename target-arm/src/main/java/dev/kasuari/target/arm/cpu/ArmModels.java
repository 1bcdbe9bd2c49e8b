package dev.kasuari.target.arm.cpu;

import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * What the models of processing elements have in their registers that never change. What of it is
 * there is for {@link Identification} to say. Source: the technical reference manuals of the cores
 * (DDI 0500, 100442, DDI 0488, 100095, 100798, 100616), and for {@code max} what QEMU 7.2 has,
 * waits with a time-out, the algorithm of pointer authentication that QEMU has since 10.0, and what
 * it has of atomicity by then (FEAT_LSE2).
 *
 * <p>AArch32 is not there, so its registers are zero. The caches are those of the cores; nothing is
 * cached.
 */
final class ArmModels {
  /** Lines are a model and registers with their values. */
  private static final String TABLE =
      """
      cortex-a53 sctlr=c50838 midr_el1=410fd034 ctr_el0=84448004 clidr_el1=a200023 dczid_el0=4
      cortex-a53 ccsidr0=700fe01a ccsidr1=201fe00a ccsidr2=707fe07a pmcr_el0=41033000
      cortex-a53 id_aa64pfr0_el1=11 id_aa64dfr0_el1=10305106
      cortex-a53 id_aa64isar0_el1=11120 id_aa64mmfr0_el1=1122
      cortex-a55 sctlr=30c50838 midr_el1=412fd050 ctr_el0=84448004 clidr_el1=82000023 dczid_el0=4
      cortex-a55 ccsidr0=700fe01a ccsidr1=200fe01a ccsidr2=703fe07a pmcr_el0=410b3000
      cortex-a55 id_aa64pfr0_el1=1100000010110011 id_aa64pfr1_el1=10
      cortex-a55 id_aa64dfr0_el1=10305408
      cortex-a55 id_aa64isar0_el1=100010211120 id_aa64isar1_el1=100001
      cortex-a55 id_aa64mmfr0_el1=101122 id_aa64mmfr1_el1=10212122 id_aa64mmfr2_el1=1011
      cortex-a57 sctlr=c50838 midr_el1=411fd070 ctr_el0=8444c004 clidr_el1=a200023 dczid_el0=4
      cortex-a57 ccsidr0=701fe00a ccsidr1=201fe012 ccsidr2=70ffe07a pmcr_el0=41013000
      cortex-a57 id_aa64pfr0_el1=11 id_aa64dfr0_el1=10305106
      cortex-a57 id_aa64isar0_el1=11120 id_aa64mmfr0_el1=1124
      cortex-a72 sctlr=c50838 midr_el1=410fd083 ctr_el0=8444c004 clidr_el1=a200023 dczid_el0=4
      cortex-a72 ccsidr0=701fe00a ccsidr1=201fe012 ccsidr2=707fe07a pmcr_el0=41023000
      cortex-a72 id_aa64pfr0_el1=11 id_aa64dfr0_el1=10305106
      cortex-a72 id_aa64isar0_el1=11120 id_aa64mmfr0_el1=1124
      cortex-a76 sctlr=30c50838 midr_el1=414fd0b1 ctr_el0=8444c004 clidr_el1=82000023 dczid_el0=4
      cortex-a76 ccsidr0=701fe01a ccsidr1=201fe01a ccsidr2=707fe03a pmcr_el0=410b3000
      cortex-a76 id_aa64pfr0_el1=1100000010110011 id_aa64pfr1_el1=10
      cortex-a76 id_aa64dfr0_el1=10305408
      cortex-a76 id_aa64isar0_el1=100010211120 id_aa64isar1_el1=100001
      cortex-a76 id_aa64mmfr0_el1=101122 id_aa64mmfr1_el1=10212122 id_aa64mmfr2_el1=1011
      neoverse-n1 sctlr=30c50838 midr_el1=414fd0c1 ctr_el0=8444c004 clidr_el1=82000023 dczid_el0=4
      neoverse-n1 ccsidr0=701fe01a ccsidr1=201fe01a ccsidr2=70ffe03a pmcr_el0=410c3000
      neoverse-n1 id_aa64pfr0_el1=1100000010110011 id_aa64pfr1_el1=20
      neoverse-n1 id_aa64dfr0_el1=10305408
      neoverse-n1 id_aa64isar0_el1=100010211120 id_aa64isar1_el1=100001
      neoverse-n1 id_aa64mmfr0_el1=101125 id_aa64mmfr1_el1=10212122 id_aa64mmfr2_el1=1011
      max sctlr=c50838 midr_el1=f0510 ctr_el0=8444c004 clidr_el1=2000023 dczid_el0=4
      max ccsidr0=701fe00a ccsidr1=201fe012 ccsidr2=70ffe07a pmcr_el0=41013000
      max id_aa64pfr0_el1=1201001120110011 id_aa64pfr1_el1=1000021
      max id_aa64zfr0_el1=110110100110021 id_aa64smfr0_el1=80f100fd00000000
      max id_aa64dfr0_el1=10305609
      max id_aa64isar0_el1=1221111110212120 id_aa64isar1_el1=11111110211102
      max id_aa64isar2_el1=2 id_aa64mmfr0_el1=32310201126 id_aa64mmfr1_el1=11010211122
      max id_aa64mmfr2_el1=1021011110011011
      """;

  private static final Map<String, Map<String, Long>> MODELS = models();

  private ArmModels() {}

  private static Map<String, Map<String, Long>> models() {
    var models = new LinkedHashMap<String, Map<String, Long>>();
    TABLE
        .lines()
        .map(line -> line.split(" ", -1))
        .forEach(words -> {
          var registers = models.computeIfAbsent(words[0], name -> new HashMap<>());
          for (int i = 1; i < words.length; i++) {
            String[] pair = words[i].split("=", -1);
            registers.put(pair[0], Long.parseUnsignedLong(pair[1], 16));
          }
        });
    return models;
  }

  /** All models by name, each with what it wants in its registers. */
  static Map<String, Map<String, Long>> all() {
    return MODELS;
  }
}
