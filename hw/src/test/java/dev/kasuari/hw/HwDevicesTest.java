package dev.kasuari.hw;

import static org.assertj.core.api.Assertions.assertThat;

import dev.kasuari.machine.DeviceType;
import dev.kasuari.machine.DeviceTypes;
import dev.kasuari.testkit.StateContract;
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

  @Test
  void isProvidedAsAService() {
    assertThat(DeviceTypes.load().all()).containsExactlyInAnyOrderElementsOf(types().toList());
  }
}
