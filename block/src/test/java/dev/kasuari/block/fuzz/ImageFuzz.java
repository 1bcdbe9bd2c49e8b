package dev.kasuari.block.fuzz;

/** What Jazzer calls: an input is an image of the format that a property names. */
public final class ImageFuzz {
  private static final String FORMAT = System.getProperty("kasuari.fuzz.target", "qcow2");

  private ImageFuzz() {}

  /** Uses an image in all ways. */
  public static void fuzzerTestOneInput(byte[] input) {
    run(FORMAT, input);
  }

  static void run(String format, byte[] input) {
    byte[] image = PackedImage.unpack(input);
    if (PackedImage.sealed(input) || format.equals("luks")) {
      Checksums.seal(format, image);
    }
    ImageTarget.use(format, image);
  }
}
