package dev.kasuari.it;

import static org.assertj.core.api.Assertions.assertThat;

import dev.kasuari.target.riscv.cpu.RiscvModel;
import dev.kasuari.target.riscv.isa.RiscvPatterns;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Random sequences of user-level instructions do the same here and in QEMU. */
@Tag("guest")
class UserLevelDifferentialTest {
  private static final int BATCH = 500;

  private final RiscvModel model = RiscvModel.rv64();
  private final Coverage coverage = new Coverage();

  @Test
  void sequencesDoTheSame() throws Exception {
    long seed = Long.getLong("kasuari.it.seed", 20260101);
    int count = Integer.getInteger("kasuari.it.sequences", 2000);
    System.out.printf("kasuari.it.seed=%d kasuari.it.sequences=%d%n", seed, count);
    var duel = new Duel(new KasuariPeer(model, coverage), QemuPeer.find(), model.features());
    var seeds = new SplittableRandom(seed);
    for (int done = 0; done < count; done += BATCH) {
      List<Sequence> sequences = new ArrayList<>();
      for (int i = 0; i < Math.min(BATCH, count - done); i++) {
        sequences.add(
            new SequenceGenerator(seeds.nextLong(), model.features(), duel.known()).generate());
      }
      assertThat(duel.run(sequences, coverage)).as("differences, seed %d", seed).isEmpty();
    }
    System.out.printf("%d instructions executed%n", coverage.total());
    List<String> missed = new ArrayList<>(coverage.missed(model.features()));
    missed.removeIf(name -> duel.known().avoids(RiscvPatterns.number(name)));
    assertThat(missed).as("patterns never executed").isEmpty();
  }
}
