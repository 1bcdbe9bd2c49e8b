package dev.kasuari.tcg.interp;

import dev.kasuari.tcg.RandomPrograms;
import dev.kasuari.tcg.RowByRow;
import dev.kasuari.tcg.ir.RandomProgram;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/**
 * Random programs do in the interpreters, lowered and fused or as they are, what their rows say one
 * by one.
 */
@Tag("fast")
class DifferentialTest {
  @Test
  void programsOfAllOperationsDoTheSame() {
    try (var rows = new RowByRow();
        var interp = new Interpreter();
        var direct = new DirectInterpreter()) {
      new RandomPrograms(4_000_000, 4_000, RandomProgram.ALL)
          .compare(List.of(rows, interp, direct), unit -> {});
    }
  }
}
