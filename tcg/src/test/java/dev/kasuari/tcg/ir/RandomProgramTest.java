package dev.kasuari.tcg.ir;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.EnumSet;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

@Tag("fast")
class RandomProgramTest {
  @Test
  void programsObeyTheVerifierAndMeetEveryOperation() {
    var seen = EnumSet.noneOf(Op.class);
    for (long seed = 0; seed < 2_000; seed++) {
      IrUnit unit = RandomProgram.unit(seed, RandomProgram.ALL);
      Verifier.verify(unit);
      for (int i = 0; i < unit.size(); i++) {
        seen.add(unit.op(i));
      }
    }
    assertThat(seen).isEqualTo(EnumSet.allOf(Op.class));
  }

  @Test
  void aSeedMeansOneProgram() {
    for (long seed = 0; seed < 50; seed++) {
      assertThat(RandomProgram.unit(seed, RandomProgram.ALL))
          .hasToString(RandomProgram.unit(seed, RandomProgram.ALL).toString());
    }
    assertThat(RandomProgram.unit(1, RandomProgram.ALL).toString())
        .isNotEqualTo(RandomProgram.unit(2, RandomProgram.ALL).toString());
  }

  @Test
  void onlyWhatIsAskedForIsUsed() {
    var few = EnumSet.of(Op.ADD, Op.LOAD);
    for (long seed = 0; seed < 300; seed++) {
      IrUnit unit = RandomProgram.unit(seed, few);
      for (int i = 0; i < unit.size(); i++) {
        Op op = unit.op(i);
        boolean asked = few.contains(op);
        boolean structure = op.terminator() || op.is(Op.Trait.POSITION);
        // Loops count down, addresses are masked.
        boolean always =
            op == Op.CONST
                || op == Op.PC
                || op == Op.GET
                || op == Op.SET
                || op == Op.SUB
                || op == Op.AND;
        assertThat(asked || structure || always).as("%s in seed %d", op, seed).isTrue();
      }
    }
  }
}
