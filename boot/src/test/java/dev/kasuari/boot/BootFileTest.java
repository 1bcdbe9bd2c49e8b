package dev.kasuari.boot;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

@Tag("fast")
final class BootFileTest {
  @TempDir Path directory;

  private void refused(String file, String message) {
    assertThatThrownBy(() -> BootFile.read("-kernel", file))
        .isInstanceOf(BootException.class)
        .hasMessage("-kernel " + file + ": " + message);
  }

  @Test
  void readsAFile() throws Exception {
    Path file = Files.write(directory.resolve("Image"), new byte[] {1, 2});
    assertThat(BootFile.read("-kernel", file.toString())).containsExactly(1, 2);
  }

  @Test
  void whatCannotBeReadIsNamed() throws Exception {
    Path empty = Files.createFile(directory.resolve("empty"));
    Path vmlinuz = Files.write(directory.resolve("vmlinuz"), new byte[1]);
    refused(empty.toString(), "the file is empty");
    refused(directory.toString(), "is a directory, not a file");
    refused(directory + "/vmlinux", "no such file. Did you mean " + vmlinuz + "?");
    refused(directory + "/nothing-like-it", "no such file");
    refused(directory + "/no/such/place", "no such file");
    refused("nul\0", "not a file name");
    Path large = directory.resolve("large");
    try (RandomAccessFile file = new RandomAccessFile(large.toFile(), "rw")) {
      file.setLength(1L << 31); // sparse
    }
    refused(large.toString(), "larger than 2 GiB");
  }
}
