package dev.kasuari.it;

import static org.assertj.core.api.Assertions.assertThat;

import dev.kasuari.target.riscv.cpu.RiscvModel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.function.LongFunction;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/**
 * Random sequences of user-level instructions do the same here and in QEMU. {@link Campaign} says
 * how to run others, or one again; {@code KASUARI_QEMU} names another QEMU.
 */
@Tag("guest")
class UserLevelDifferentialTest {
  private static final int BATCH = 500;
  private static final int COUNT = 20_000;
  private static final int COUNT_32 = 5_000;

  @Test
  void sequencesDoTheSame() throws Exception {
    compare("UserLevelDifferentialTest#sequencesDoTheSame", QemuPeer.find(), COUNT);
  }

  @Test
  void sequencesDoTheSameWith32Bits() throws Exception {
    String name = "UserLevelDifferentialTest#sequencesDoTheSameWith32Bits";
    compare(name, QemuPeer.find32(), COUNT_32);
  }

  private static void compare(String name, QemuPeer qemu, int count) throws Exception {
    RiscvModel model = qemu.model();
    var coverage = new Coverage();
    var duel = new Duel(new KasuariPeer(model, coverage), qemu, model.features());
    LongFunction<Sequence> generator =
        seed ->
            new SequenceGenerator(
                    seed,
                    model.features(),
                    duel.known(),
                    random -> new UserSetting(random, duel.known()))
                .generate();
    var campaign = new Campaign(name, duel, coverage, BATCH, generator);
    assertThat(campaign.run(count)).isEmpty();
    if (!Campaign.isSingle()) {
      Files.writeString(
          Path.of("target", "user-level-%d.coverage".formatted(model.xlen())),
          coverage.report(model.features()));
      assertThat(coverage.missed(model.features())).as("patterns never executed").isEmpty();
    }
  }
}
