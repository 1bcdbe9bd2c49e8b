package dev.kasuari.img;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;

/** What QEMU finds in an image whose writer was killed. */
public final class SurvivingImage {
  private static final int QCOW2_INCOMPATIBLE = 79;
  private static final Pattern VDI_COUNT =
      Pattern.compile("ERROR: allocated blocks mismatch, is (\\d+), should be (\\d+)");

  private SurvivingImage() {}

  /**
   * Leaks at most, once what the image itself says is to be mended has been. VDI's header, which
   * says how many blocks there are, is written before the table that names them, so that it may
   * count more than there are, and never fewer.
   */
  public static void examine(Path image, String format) throws Exception {
    if (saysThatItIsToBeMended(image, format)) {
      assertThat(check(image, "-r", "all", "-f", format).code).as("repair of " + format).isZero();
    }
    Found found = check(image, "-f", format);
    if (format.equals("vdi") && found.code == 2) {
      List<MatchResult> counts = VDI_COUNT.matcher(found.text).results().toList();
      assertThat(found.text.lines().filter(l -> l.startsWith("ERROR")).count())
          .as(found.text)
          .isEqualTo(counts.size());
      assertThat(counts)
          .as(found.text)
          .isNotEmpty()
          .allMatch(c -> Long.parseLong(c.group(1)) < Long.parseLong(c.group(2)));
    } else {
      assertThat(found.code).as("check of " + format + "\n" + found.text).isIn(0, 3); // 3: leaks
    }
  }

  /** In a flag, or a log, that whoever writes to the image next looks at first. */
  private static boolean saysThatItIsToBeMended(Path image, String format) throws IOException {
    return switch (format) {
      case "qcow2" -> (byteAt(image, QCOW2_INCOMPATIBLE) & 1) != 0;
      case "vhdx", "parallels" -> true;
      default -> false;
    };
  }

  private static int byteAt(Path file, long offset) throws IOException {
    try (var in = Files.newInputStream(file, StandardOpenOption.READ)) {
      in.skipNBytes(offset);
      return in.read();
    }
  }

  private record Found(int code, String text) {}

  private static Found check(Path image, String... words) throws Exception {
    Path said = Files.createTempFile("check", ".log");
    try {
      var command = new ArrayList<>(List.of("qemu-img", "check"));
      command.addAll(List.of(words));
      command.add(image.toString());
      int code =
          new ProcessBuilder(command)
              .redirectErrorStream(true)
              .redirectOutput(said.toFile())
              .start()
              .waitFor();
      return new Found(code, Files.readString(said));
    } finally {
      Files.delete(said);
    }
  }
}
