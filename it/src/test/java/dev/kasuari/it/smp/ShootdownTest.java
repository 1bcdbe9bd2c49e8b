package dev.kasuari.it.smp;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Four harts, of which some map other pages, fewer rights or nothing where the others load, store
 * and run code. Once all have fenced, by the firmware or by an interrupt of the guest's own, nobody
 * uses what was mapped before.
 */
@Tag("guest")
@Timeout(value = 60, unit = TimeUnit.MINUTES)
class ShootdownTest {
  @TempDir private Path folder;

  @ParameterizedTest
  @ValueSource(ints = {1, 3})
  void nothingForgottenIsUsed(int remappers) throws Exception {
    GuestProgram program = new GuestProgram("shoot", 4).with("REMAPPERS", remappers).rounds(400);
    Map<String, Long> reported = SmpMachine.run(program, folder, SmpMachine.usual());
    assertThat(reported).hasSize(3).allSatisfy((what, count) -> assertThat(count).isPositive());
  }
}
