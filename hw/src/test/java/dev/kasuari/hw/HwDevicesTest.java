package dev.kasuari.hw;

import static org.assertj.core.api.Assertions.assertThat;

import dev.kasuari.machine.DeviceType;
import dev.kasuari.machine.DeviceTypes;
import dev.kasuari.machine.SysBus;
import dev.kasuari.qapi.OptionSource;
import dev.kasuari.qapi.References;
import dev.kasuari.qapi.Schema;
import dev.kasuari.testkit.DeviceContract;
import dev.kasuari.testkit.StateContract;
import dev.kasuari.testkit.TestBench;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

/** What every device model of this module must hold to. */
@Tag("fast")
class HwDevicesTest {
  private static Stream<DeviceType<?, ?, ?>> types() {
    return new HwDevices().types().stream();
  }

  @TestFactory
  Stream<DynamicTest> stateComesBack() {
    long seed = 1;
    return types()
        .map(t -> DynamicTest.dynamicTest(t.name(), () -> StateContract.check(t.state(), seed)));
  }

  @TestFactory
  Stream<DynamicTest> isDescribed() {
    return types()
        .map(t ->
            DynamicTest.dynamicTest(
                t.name(),
                () -> {
                  assertThat(t.doc()).isNotBlank();
                  assertThat(t.properties().schema().fields())
                      .allSatisfy(f -> assertThat(f.doc()).as(f.name()).isNotBlank());
                }));
  }

  /** Those that need back ends or a bus of another device are tested beside themselves. */
  @TestFactory
  Stream<DynamicTest> survivesAnyGuest() {
    return types()
        .filter(t -> t.bus() == SysBus.class)
        .filter(t -> t.properties().schema().fields().stream().noneMatch(Schema.Field::required))
        .map(t -> DynamicTest.dynamicTest(t.name(), () -> survives(t, 2)));
  }

  private static void survives(DeviceType<?, ?, ?> type, long seed) {
    try (var bench = new TestBench()) {
      var probe = bench.plug(type.create(OptionSource.empty("test"), References.NONE));
      DeviceContract.checkResetValues(probe);
      DeviceContract.checkSurvives(bench, probe, seed, 3000);
      probe.reset();
      DeviceContract.checkResetValues(probe);
    }
  }

  @Test
  void isProvidedAsAService() {
    assertThat(DeviceTypes.load().all()).containsExactlyInAnyOrderElementsOf(types().toList());
  }
}
