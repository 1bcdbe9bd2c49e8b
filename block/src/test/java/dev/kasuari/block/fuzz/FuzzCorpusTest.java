package dev.kasuari.block.fuzz;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.util.HexFormat;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Does again what the fuzzer has found to be of interest; {@link ImageFuzzRun} looks for more. */
@Tag("fast")
@Timeout(120)
class FuzzCorpusTest {
  static Stream<String> formats() {
    return ImageTarget.FORMATS.stream();
  }

  @ParameterizedTest
  @MethodSource("formats")
  void nothingThatAnImageSaysHarms(String format) throws IOException {
    for (byte[] input : Corpus.of(format)) {
      try {
        ImageFuzz.run(format, input);
      } catch (RuntimeException | Error e) {
        throw new AssertionError(format + ": " + HexFormat.of().formatHex(input), e);
      }
    }
  }

  @Test
  void goodImagesStayThemselvesWhenTheyArePacked() {
    for (String format : ImageTarget.FORMATS) {
      if (!format.equals("raw")) {
        for (byte[] image : GoodImages.kinds(format)) {
          byte[] back = PackedImage.unpack(PackedImage.pack(image, false));
          assertThat(java.util.Arrays.copyOf(back, image.length)).isEqualTo(image);
        }
      }
    }
  }
}
