package dev.kasuari.block.fuzz;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;

/**
 * What fuzzing a format begins with: good images, and what earlier runs have found, a resource with
 * one {@link PackedImage} a line, in hexadecimal digits.
 */
final class Corpus {
  private Corpus() {}

  static List<byte[]> of(String format) throws IOException {
    var all = new ArrayList<byte[]>();
    if (!format.equals("raw")) {
      for (byte[] image : GoodImages.kinds(format)) {
        all.add(PackedImage.pack(image, true));
      }
    }
    all.addAll(found(format));
    return all;
  }

  /** What earlier runs have found. */
  static List<byte[]> found(String format) throws IOException {
    try (InputStream in = Corpus.class.getResourceAsStream(format + ".hex")) {
      if (in == null) {
        return List.of();
      }
      String text = new String(in.readAllBytes(), StandardCharsets.US_ASCII);
      return text.lines().map(HexFormat.of()::parseHex).toList();
    }
  }
}
