package dev.kasuari.machine;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

@Tag("fast")
class IrqLineTest {
  @Test
  void listenersHearChangesOnly() {
    List<String> heard = new ArrayList<>();
    var line = new IrqLine("irq", level -> heard.add("a" + level));
    line.set(false);
    line.set(true);
    line.set(true);
    line.connect((IrqLine.Sink) level -> heard.add("b" + level));
    line.set(false);
    assertThat(heard).containsExactly("atrue", "btrue", "afalse", "bfalse");
  }

  @Test
  void gateIsHighWhileAnyInputIs() {
    var gate = new OrGate("or", 3);
    gate.input(0).set(true);
    gate.input(2).set(true);
    gate.input(0).set(false);
    assertThat(gate.output().level()).isTrue();
    gate.input(2).set(false);
    assertThat(gate.output().level()).isFalse();
  }

  @Test
  void invertedLineIsTheOpposite() {
    var line = new IrqLine("reset");
    IrqLine low = line.inverted();
    assertThat(low.level()).isTrue();
    line.set(true);
    assertThat(low.level()).isFalse();
  }
}
