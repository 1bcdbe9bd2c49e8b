package dev.kasuari.bench.images;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Path;
import java.util.List;
import java.util.Random;

/** The images that tools work on: one disk in several formats. */
final class SampleImages {
  private static final int BLOCK = 1 << 20;
  private static final int SEED = 1;

  private final Path folder;
  private final Tool tool;
  private final long size;
  private final long large;

  /**
   * Images that are to be made.
   *
   * @param tool what makes formats of it
   * @param size bytes of the disk
   * @param large bytes of the one whose tables alone matter
   */
  SampleImages(Path folder, Tool tool, long size, long large) {
    this.folder = folder;
    this.tool = tool;
    this.size = size;
    this.large = large;
  }

  void make() throws IOException, InterruptedException {
    disk();
    run("convert -f raw -O qcow2 raw qcow2");
    run("convert -c -f raw -O qcow2 raw zlib");
    run("create -q -f qcow2 -b qcow2 -F qcow2 overlay");
    run("bench -w -c " + (size >> 22) + " -s 256k -S 3M --pattern 7 overlay");
    run("convert -f raw -O qcow2 raw work");
    run("create -q -f qcow2 -o preallocation=metadata large " + large);
  }

  /** Every other MiB is data: of these, every other one is random, and the rest like text. */
  private void disk() throws IOException {
    var random = new Random(SEED);
    byte[] bytes = new byte[BLOCK];
    try (var file = new RandomAccessFile(folder.resolve("raw").toFile(), "rw")) {
      file.setLength(size);
      for (long at = 0; at + BLOCK <= size; at += 2L * BLOCK) {
        boolean text = (at / BLOCK & 2) != 0;
        random.nextBytes(bytes);
        for (int i = 0; text && i < BLOCK; i++) {
          bytes[i] = (byte) ('a' + (bytes[i] & 7));
        }
        file.seek(at);
        file.write(bytes);
      }
    }
  }

  private void run(String words) throws IOException, InterruptedException {
    Tool.Taken taken = tool.run(List.of(words.split(" ")), folder);
    if (taken.status() != 0) {
      throw new IOException(tool.name() + " " + words + ": " + taken.output());
    }
  }
}
