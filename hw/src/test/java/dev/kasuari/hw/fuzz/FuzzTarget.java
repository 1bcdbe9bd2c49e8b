package dev.kasuari.hw.fuzz;

import dev.kasuari.hw.virtio.DiskRingFuzz;
import dev.kasuari.hw.virtio.StreamRingFuzz;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.HexFormat;
import java.util.List;

/**
 * What is fuzzed, each with a corpus of inputs that between them reach what longer runs have
 * reached: a resource with one input a line, in hexadecimal digits.
 */
public enum FuzzTarget {
  /** The registers and other inputs of devices of a board. */
  REGISTERS("registers", RegisterFuzz.class),
  /** The virtqueues of virtio-blk and virtio-rng. */
  RINGS("rings", DiskRingFuzz.class),
  /** The virtqueues of virtio-serial and virtio-net. */
  STREAMS("streams", StreamRingFuzz.class);

  private final String id;
  private final Class<?> type;

  FuzzTarget(String id, Class<?> type) {
    this.id = id;
    this.type = type;
  }

  /** Its name on a command line, and of its corpus. */
  public String id() {
    return id;
  }

  /** The class with the method that Jazzer calls. */
  public String className() {
    return type.getName();
  }

  /**
   * Does what an input says.
   *
   * @return in how many steps
   */
  public int run(byte[] input) {
    return switch (this) {
      case REGISTERS -> RegisterFuzz.steps(input);
      case RINGS -> DiskRingFuzz.steps(input);
      case STREAMS -> StreamRingFuzz.steps(input);
    };
  }

  /** The inputs that are kept. */
  public List<byte[]> corpus() throws IOException {
    try (InputStream in = FuzzTarget.class.getResourceAsStream(id + ".hex")) {
      if (in == null) {
        throw new IOException("no corpus " + id + ".hex");
      }
      String text = new String(in.readAllBytes(), StandardCharsets.US_ASCII);
      return text.lines().map(HexFormat.of()::parseHex).toList();
    }
  }
}
