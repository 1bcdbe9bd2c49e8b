package dev.kasuari.block;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** A guest does not choose what its disk is opened as the next time. */
@Tag("fast")
@EnabledOnOs(OS.LINUX)
class GuessedFormatTest {
  private static final byte[] QCOW2 = {'Q', 'F', 'I', (byte) 0xfb, 0, 0, 0, 3};

  @TempDir Path folder;
  private final BlockGraph graph = new BlockGraph();
  private final List<String> warnings = new ArrayList<>();

  private Path disk(byte... head) throws IOException {
    byte[] bytes = new byte[8192];
    System.arraycopy(head, 0, bytes, 0, head.length);
    return Files.write(folder.resolve("disk"), bytes);
  }

  private Root open(Path path, @Nullable String format, Access access) {
    graph.onWarning(warnings::add);
    return Root.of(graph, "test", graph.openFile("", path.toString(), format, access));
  }

  private static void write(Root root, long offset, byte... bytes) {
    try (Arena arena = Arena.ofConfined()) {
      root.write(offset, arena.allocateFrom(ValueLayout.JAVA_BYTE, bytes));
    }
  }

  private static byte[] magic(ImageFormat format) {
    return switch (format) {
      case RAW -> new byte[8];
      case QCOW2 -> QCOW2;
      case QCOW -> new byte[] {'Q', 'F', 'I', (byte) 0xfb, 0, 0, 0, 1};
      case QED -> "QED\0".getBytes(StandardCharsets.US_ASCII);
      case VMDK -> "# Disk DescriptorFile\n".getBytes(StandardCharsets.US_ASCII);
      case VDI -> {
        byte[] head = new byte[68];
        MemorySegment.ofArray(head).set(ValueLayout.JAVA_INT_UNALIGNED, 64, 0xbeda107f);
        yield head;
      }
      case VHDX -> "vhdxfile".getBytes(StandardCharsets.US_ASCII);
      case VPC -> "conectix".getBytes(StandardCharsets.US_ASCII);
      case LUKS -> "LUKS\u00ba\u00be".getBytes(StandardCharsets.ISO_8859_1);
      case PARALLELS -> "WithoutFreeSpace".getBytes(StandardCharsets.US_ASCII);
      case BOCHS -> "Bochs Virtual HD Image".getBytes(StandardCharsets.US_ASCII);
      case CLOOP ->
          "#!/bin/sh\n#V2.0 Format\nmodprobe cloop file=$0 && mount -r -t iso9660 /dev/cloop $1\n"
              .getBytes(StandardCharsets.US_ASCII);
      case DMG -> new byte[0]; // only a name tells
    };
  }

  @ParameterizedTest
  @EnumSource(
      mode = EnumSource.Mode.EXCLUDE,
      names = {"RAW", "DMG"})
  void noOtherFormatIsWrittenIntoIt(ImageFormat format) throws Exception {
    Path path = disk();
    byte[] before = Files.readAllBytes(path);
    try (Root root = open(path, null, Access.write())) {
      assertThatThrownBy(() -> write(root, 0, magic(format)))
          .isInstanceOfSatisfying(
              BlockException.class,
              e -> assertThat(e.kind()).isEqualTo(BlockException.Kind.READ_ONLY))
          .hasMessageEndingWith("it would look like " + format.option());
    }
    assertThat(Files.readAllBytes(path)).isEqualTo(before);
  }

  @Test
  void norInParts() throws Exception {
    try (Root root = open(disk(), null, Access.write())) {
      write(root, 1, (byte) 'F', (byte) 'I', (byte) 0xfb);
      assertThatThrownBy(() -> write(root, 0, (byte) 'Q')).hasMessageContaining("like qcow2");
    }
  }

  @Test
  void norByZeroes() throws Exception {
    try (Root root =
        open(disk((byte) 'Q', (byte) 'E', (byte) 'D', (byte) 1), null, Access.write())) {
      assertThatThrownBy(() -> root.writeZeroes(3, 1, true)).hasMessageContaining("like qed");
      root.writeZeroes(0, 4096, true);
    }
  }

  @Test
  void whatElseIsWrittenIsThere() throws Exception {
    Path path = disk();
    try (Root root = open(path, null, Access.write())) {
      write(root, 510, (byte) 0x55, (byte) 0xaa);
      write(root, 4096, QCOW2);
    }
    byte[] bytes = Files.readAllBytes(path);
    assertThat(bytes[510]).isEqualTo((byte) 0x55);
    assertThat(bytes).containsSubsequence(QCOW2);
    assertThat(warnings).singleElement().asString().contains("'" + path + "'", "guessed raw");
  }

  @Test
  void whoSaysRawWritesWhatHeLikes() throws Exception {
    Path path = disk();
    try (Root root = open(path, "raw", Access.write())) {
      write(root, 0, QCOW2);
    }
    assertThat(Files.readAllBytes(path)).startsWith(QCOW2);
    assertThat(warnings).isEmpty();
  }

  @Test
  void whoOnlyReadsIsNotWarned() throws Exception {
    open(disk(), null, Access.read()).close();
    assertThat(warnings).isEmpty();
  }

  /** A guest's disk that is written by way of its overlay's commit. */
  @Test
  void aBackingFileIsGuardedToo() throws Exception {
    Path path = disk();
    try (Root root = open(path, null, Access.read())) {
      graph.reopen(root.node(), Access.write());
      assertThatThrownBy(() -> write(root, 0, QCOW2)).hasMessageContaining("like qcow2");
    }
  }
}
