package dev.kasuari.boot;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.io.UncheckedIOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.Random;
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

  @Test
  void aKeptFileComesBackWhateverBecomesOfIt() throws Exception {
    byte[] bytes = new byte[100_000];
    new Random(1).nextBytes(bytes);
    Path path = Files.write(directory.resolve("initrd"), bytes);
    try (KeptFile file = BootFile.keep("-initrd", path.toString())) {
      assertThat(file.size()).isEqualTo(bytes.length);
      MemorySegment memory = MemorySegment.ofArray(new byte[bytes.length]);
      file.load(memory);
      assertThat(memory.toArray(ValueLayout.JAVA_BYTE)).isEqualTo(bytes);
      file.putBack(memory.fill((byte) 0));
      Files.write(path, new byte[] {1});
      file.putBack(memory.fill((byte) 0));
      assertThat(memory.toArray(ValueLayout.JAVA_BYTE)).isEqualTo(bytes);
    }
  }

  @Test
  void aFileThatIsWrittenBeforeItWasCopiedIsNotPutBack() throws Exception {
    Path path = Files.write(directory.resolve("initrd"), new byte[] {3, 1, 4});
    try (KeptFile file = BootFile.keep("-initrd", path.toString())) {
      MemorySegment memory = MemorySegment.ofArray(new byte[3]);
      file.load(memory);
      Files.write(path, new byte[] {2, 7, 1, 8});
      assertThatThrownBy(() -> file.putBack(memory))
          .isInstanceOf(UncheckedIOException.class)
          .hasMessage(
              "-initrd %s: could not be kept for resets: it was written after the machine had read"
                  + " it",
              path);
    }
  }

  @Test
  void aFileThatAnotherReplacedIsPutBackAsItWas() throws Exception {
    Path path = Files.write(directory.resolve("initrd"), new byte[] {3, 1, 4});
    try (KeptFile file = BootFile.keep("-initrd", path.toString())) {
      MemorySegment memory = MemorySegment.ofArray(new byte[3]);
      file.load(memory);
      Path other = Files.write(directory.resolve("other"), new byte[] {2, 7, 1, 8});
      Files.move(other, path, StandardCopyOption.REPLACE_EXISTING);
      file.putBack(memory.fill((byte) 0));
      assertThat(memory.toArray(ValueLayout.JAVA_BYTE)).containsExactly(3, 1, 4);
    }
  }

  @Test
  void aFileThatCannotBeKeptIsNamed() {
    assertThatThrownBy(() -> BootFile.keep("-initrd", directory + "/none"))
        .isInstanceOf(BootException.class)
        .hasMessage("-initrd " + directory + "/none: no such file");
  }

  @Test
  void aPipeIsKept() throws Exception {
    Path pipe = directory.resolve("pipe");
    assertThat(new ProcessBuilder("mkfifo", pipe.toString()).start().waitFor()).isZero();
    byte[] bytes = {3, 1, 4};
    Thread writer =
        Thread.ofPlatform()
            .start(() -> {
              try {
                Files.write(pipe, bytes, StandardOpenOption.WRITE);
              } catch (IOException e) {
                throw new UncheckedIOException(e);
              }
            });
    try (KeptFile file = BootFile.keep("-initrd", pipe.toString())) {
      MemorySegment memory = MemorySegment.ofArray(new byte[3]);
      file.load(memory);
      file.putBack(memory.fill((byte) 0));
      assertThat(memory.toArray(ValueLayout.JAVA_BYTE)).isEqualTo(bytes);
    }
    writer.join();
  }
}
