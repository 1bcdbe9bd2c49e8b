package dev.kasuari.it;

import static dev.kasuari.target.riscv.cpu.TrapCause.*;
import static org.assertj.core.api.Assertions.assertThat;

import dev.kasuari.target.riscv.cpu.RiscvModel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.function.LongFunction;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/**
 * Random sequences with CSRs, traps, delegation, interrupts, translation and protection do the same
 * here and in QEMU. {@link Campaign} says how to run others, or one again; {@code KASUARI_QEMU}
 * names another QEMU.
 */
@Tag("guest")
class PrivilegedDifferentialTest {
  private static final int BATCH = 250;
  private static final int COUNT = 3_000;

  private static final long INTERRUPT = Long.MIN_VALUE;

  /** All but misaligned instructions, which there are none of with compressed ones. */
  private static final List<String> TRAPS =
      LongStream.of(
              INSTRUCTION_ACCESS_FAULT,
              ILLEGAL_INSTRUCTION,
              LOAD_MISALIGNED,
              LOAD_ACCESS_FAULT,
              STORE_ACCESS_FAULT,
              ECALL_FROM_U,
              ECALL_FROM_S,
              ECALL_FROM_M,
              INSTRUCTION_PAGE_FAULT,
              LOAD_PAGE_FAULT,
              STORE_PAGE_FAULT,
              INTERRUPT | 1,
              INTERRUPT | 5,
              INTERRUPT | 9)
          .mapToObj(Coverage::trapName)
          .toList();

  @Test
  void sequencesDoTheSame() throws Exception {
    QemuPeer qemu = QemuPeer.find();
    RiscvModel model = qemu.model();
    var coverage = new Coverage();
    var duel = new Duel(new KasuariPeer(model, coverage), qemu, model.features());
    LongFunction<Sequence> generator =
        seed ->
            new SequenceGenerator(
                    seed,
                    model.features(),
                    duel.known(),
                    random -> new PrivilegedSetting(random, duel.known()))
                .generate();
    var campaign = new Campaign("PrivilegedDifferentialTest", duel, coverage, BATCH, generator);
    assertThat(campaign.run(COUNT)).isEmpty();
    if (!Campaign.isSingle()) {
      Files.writeString(
          Path.of("target", "privileged.coverage"), coverage.report(model.features()));
      assertThat(coverage.missed(model.features()))
          .as("patterns never executed")
          .doesNotContainAnyElementsOf(PrivilegedSetting.GROUPED);
      assertThat(coverage.missedCsrs(duel.known()::isOtherwise)).as("CSRs never used").isEmpty();
      assertThat(coverage.traps()).as("traps").containsKeys(TRAPS.toArray(String[]::new));
    }
  }
}
