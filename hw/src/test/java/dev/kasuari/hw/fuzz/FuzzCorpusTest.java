package dev.kasuari.hw.fuzz;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.HexFormat;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Does again what the fuzzer has found to be of interest; {@link FuzzRun} looks for more. */
@Tag("fast")
@Timeout(120)
class FuzzCorpusTest {
  @ParameterizedTest
  @EnumSource
  void nothingThatAGuestDoesHarmsADevice(FuzzTarget target) throws Exception {
    List<byte[]> corpus = target.corpus();
    assertThat(corpus).hasSizeGreaterThan(50);
    for (byte[] input : corpus) {
      try {
        target.run(input);
      } catch (RuntimeException | AssertionError e) {
        throw new AssertionError(target.id() + ": " + HexFormat.of().formatHex(input), e);
      }
    }
  }
}
