package dev.kasuari.block;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.kasuari.block.NodeOptions.Discard;
import dev.kasuari.block.file.FileDriver.Locking;
import dev.kasuari.host.HostFile;
import dev.kasuari.machine.backend.BlockBackend;
import dev.kasuari.machine.backend.BlockBackend.ErrorAction;
import dev.kasuari.machine.backend.BlockBackend.Status;
import dev.kasuari.machine.backend.OnError;
import dev.kasuari.qapi.OptionException;
import dev.kasuari.qapi.OptionSource;
import dev.kasuari.qapi.References;
import java.io.File;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

@Tag("fast")
@DisabledOnOs(OS.WINDOWS)
class BlockDeviceTest {
  @TempDir Path folder;
  private final Arena arena = Arena.ofShared();

  @AfterEach
  void close() {
    arena.close();
  }

  private Path file(String name, int size, int content) throws IOException {
    byte[] bytes = new byte[size];
    Arrays.fill(bytes, (byte) content);
    return Files.write(folder.resolve(name), bytes);
  }

  private static BlockDevice open(Path path, boolean readonly, Discard discard) {
    return Images.open(
        "-drive",
        new DriveOptions(
            "d",
            path.toString(),
            "raw",
            readonly,
            false,
            discard,
            Locking.AUTO,
            DriveOptions.CacheMode.WRITEBACK,
            BlockNode.DetectZeroes.OFF));
  }

  private static Status wait(Consumer<BlockBackend.Completion> operation) {
    var done = new CompletableFuture<Status>();
    operation.accept(done::complete);
    return done.orTimeout(10, TimeUnit.SECONDS).join();
  }

  private MemorySegment bytes(int length, int value) {
    return arena.allocate(length).fill((byte) value);
  }

  private byte[] read(BlockDevice image, long offset, int length) {
    MemorySegment to = bytes(length, 0x55);
    assertThat(wait(d -> image.read(offset, List.of(to), d))).isEqualTo(Status.OK);
    return to.toArray(ValueLayout.JAVA_BYTE);
  }

  @Test
  void scattersAndGathers() throws IOException {
    Path path = file("disk", 4096, 0);
    try (BlockDevice image = open(path, false, Discard.IGNORE)) {
      List<MemorySegment> parts = List.of(bytes(512, 1), bytes(1024, 2), bytes(512, 3));
      assertThat(wait(d -> image.write(1024, parts, true, d))).isEqualTo(Status.OK);
      List<MemorySegment> back = List.of(bytes(1024, 9), bytes(1024, 9));
      assertThat(wait(d -> image.read(1024, back, d))).isEqualTo(Status.OK);
      assertThat(back.getLast().get(ValueLayout.JAVA_BYTE, 1023)).isEqualTo((byte) 3);
      assertThat(wait(image::flush)).isEqualTo(Status.OK);
    }
    byte[] all = Files.readAllBytes(path);
    assertThat(all[1023]).isZero();
    assertThat(all[1024]).isEqualTo((byte) 1);
    assertThat(all[1536]).isEqualTo((byte) 2);
    assertThat(all[3071]).isEqualTo((byte) 3);
    assertThat(all[3072]).isZero();
  }

  @Test
  void manyAtOnceAllEnd() throws IOException {
    try (BlockDevice image = open(file("disk", 1 << 20, 0), false, Discard.IGNORE)) {
      var all = new ArrayList<CompletableFuture<Status>>();
      for (int i = 0; i < 256; i++) {
        var done = new CompletableFuture<Status>();
        all.add(done);
        image.write(i * 4096L, List.of(bytes(4096, i)), false, done::complete);
      }
      assertThat(all)
          .allSatisfy(
              f -> assertThat(f.orTimeout(10, TimeUnit.SECONDS).join()).isEqualTo(Status.OK));
      for (int i = 0; i < 256; i++) {
        assertThat(read(image, i * 4096L + 4095, 1)[0]).isEqualTo((byte) i);
      }
    }
  }

  @Test
  void theLastSectorIsFilledUpWithZeroes() throws IOException {
    Path path = file("odd", 1000, 7);
    try (BlockDevice image = open(path, false, Discard.IGNORE)) {
      assertThat(image.size()).isEqualTo(1024);
      byte[] last = read(image, 512, 512);
      assertThat(last[487]).isEqualTo((byte) 7);
      assertThat(last[488]).isZero();
      assertThat(last[511]).isZero();
      assertThat(wait(d -> image.write(512, List.of(bytes(512, 8)), false, d)))
          .isEqualTo(Status.OK);
    }
    assertThat(Files.size(path)).isEqualTo(1024);
  }

  @Test
  void rangesOutsideTheDiskAreRefused() throws IOException {
    try (BlockDevice image = open(file("disk", 1024, 0), false, Discard.IGNORE)) {
      assertThat(wait(d -> image.read(1024, List.of(bytes(1, 0)), d)))
          .isEqualTo(Status.OUT_OF_RANGE);
      assertThat(wait(d -> image.write(-1, List.of(bytes(1, 0)), false, d)))
          .isEqualTo(Status.OUT_OF_RANGE);
      assertThat(wait(d -> image.discard(512, Long.MAX_VALUE, d))).isEqualTo(Status.OUT_OF_RANGE);
      assertThat(wait(d -> image.writeZeroes(Long.MAX_VALUE, 512, true, d)))
          .isEqualTo(Status.OUT_OF_RANGE);
    }
  }

  @Test
  void readOnlyRefusesEveryChange() throws IOException {
    Path path = file("disk", 1024, 5);
    try (BlockDevice image = open(path, true, Discard.UNMAP)) {
      assertThat(image.readOnly()).isTrue();
      assertThat(wait(d -> image.write(0, List.of(bytes(1, 0)), false, d)))
          .isEqualTo(Status.READ_ONLY);
      assertThat(wait(d -> image.discard(0, 512, d))).isEqualTo(Status.READ_ONLY);
      assertThat(wait(d -> image.writeZeroes(0, 512, true, d))).isEqualTo(Status.READ_ONLY);
      assertThat(wait(image::flush)).isEqualTo(Status.OK);
      assertThat(read(image, 0, 1)[0]).isEqualTo((byte) 5);
    }
  }

  @Test
  void zeroesAreZeroesAndDiscardGivesRoomBack() throws IOException {
    Path path = file("disk", 1 << 20, 5);
    try (BlockDevice image = open(path, false, Discard.UNMAP)) {
      assertThat(wait(d -> image.writeZeroes(512, 65536, false, d))).isEqualTo(Status.OK);
      assertThat(wait(d -> image.writeZeroes(524288, 65536, true, d))).isEqualTo(Status.OK);
      assertThat(read(image, 511, 1)[0]).isEqualTo((byte) 5);
      assertThat(read(image, 512, 65536)).containsOnly(0);
      assertThat(read(image, 512 + 65536, 1)[0]).isEqualTo((byte) 5);
      assertThat(read(image, 524288, 65536)).containsOnly(0);
      assertThat(wait(d -> image.discard(0, 1 << 20, d))).isIn(Status.OK, Status.NOT_SUPPORTED);
    }
    assertThat(Files.size(path)).isEqualTo(1 << 20);
  }

  @Test
  void discardIsIgnoredUnlessAskedFor() throws IOException {
    try (BlockDevice image = open(file("disk", 65536, 5), false, Discard.IGNORE)) {
      assertThat(wait(d -> image.discard(0, 65536, d))).isEqualTo(Status.OK);
      assertThat(read(image, 0, 65536)).containsOnly(5);
    }
  }

  @Test
  @EnabledOnOs(OS.LINUX)
  void twoWritersAreRefusedAndTwoReadersAreNot() throws IOException {
    Path path = file("disk", 1024, 0);
    try (BlockDevice reader = open(path, true, Discard.IGNORE);
        BlockDevice other = open(path, true, Discard.IGNORE)) {
      assertThat(reader.size()).isEqualTo(other.size());
      assertThatThrownBy(() -> open(path, false, Discard.IGNORE))
          .isInstanceOf(OptionException.class)
          .hasMessageContaining("another program uses this image");
    }
    try (BlockDevice writer = open(path, false, Discard.IGNORE)) {
      assertThatThrownBy(() -> open(path, false, Discard.IGNORE))
          .hasMessageContaining("another program uses this image");
      assertThatThrownBy(() -> open(path, true, Discard.IGNORE))
          .hasMessageContaining("another program writes this image");
      assertThat(writer.readOnly()).isFalse();
    }
    open(path, false, Discard.IGNORE).close();
  }

  @Test
  void whatCannotBeOpenedSaysWhatWouldBeRight() throws IOException {
    file("disk.qcow2", 512, 0);
    Path empty = file("empty", 0, 0);
    assertThatThrownBy(() -> open(folder.resolve("disk.qcow"), false, Discard.IGNORE))
        .isInstanceOf(OptionException.class)
        .hasMessageEndingWith("disk.qcow: no such file; did you mean 'disk.qcow2'?");
    assertThatThrownBy(() -> open(folder.resolve("no/disk"), false, Discard.IGNORE))
        .hasMessageContaining("there is no folder");
    assertThatThrownBy(() -> open(folder, false, Discard.IGNORE)).hasMessageContaining("folder");
    assertThatThrownBy(() -> open(empty, false, Discard.IGNORE))
        .hasMessageContaining("it is empty");
  }

  /** What {@link #aFileThatMayNotBeWrittenIsOpenedReadOnlyIfThatIsAllowed} runs as a process. */
  static final class OpensWhatMayNotBeWritten {
    public static void main(String[] arguments) {
      Path path = Path.of(arguments[0]);
      try (BlockDevice image = open(path, false, Discard.IGNORE)) {
        System.out.println("opened " + image.id());
      } catch (OptionException e) {
        System.out.println(e.getMessage());
      }
      var options =
          new DriveOptions(
              "d",
              path.toString(),
              "raw",
              false,
              true,
              Discard.IGNORE,
              Locking.AUTO,
              DriveOptions.CacheMode.WRITEBACK,
              BlockNode.DetectZeroes.OFF);
      try (BlockDevice image = Images.open("-drive", options)) {
        System.out.println("read only: " + image.readOnly());
      }
    }
  }

  /** The superuser may write anything, unless what makes him that is taken from him. */
  private static List<String> unprivilegedJava() {
    var command = new ArrayList<String>();
    if ("root".equals(System.getProperty("user.name"))) {
      command.addAll(List.of("setpriv", "--bounding-set=-all", "--inh-caps=-all", "--"));
    }
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(List.of("--enable-native-access=ALL-UNNAMED", "-XX:TieredStopAtLevel=1"));
    return command;
  }

  /** Where a class is, whether the test runs with modules or without. */
  private static String location(Class<?> type) {
    String name = type.getName();
    String url = String.valueOf(type.getResource(name.replaceFirst(".*\\.", "") + ".class"));
    String root = url.substring(0, url.length() - name.length() - ".class".length());
    String file = root.startsWith("jar:") ? root.substring(4, root.length() - 2) : root;
    return Path.of(URI.create(file)).toString();
  }

  @Test
  @EnabledOnOs(OS.LINUX)
  void aFileThatMayNotBeWrittenIsOpenedReadOnlyIfThatIsAllowed() throws Exception {
    Path path = file("disk", 1024, 0);
    assertThat(path.toFile().setWritable(false)).isTrue();
    List<String> command = unprivilegedJava();
    command.add("-cp");
    command.add(
        Stream.of(
                OpensWhatMayNotBeWritten.class,
                BlockDevice.class,
                BlockBackend.class,
                OptionException.class,
                HostFile.class)
            .map(BlockDeviceTest::location)
            .distinct()
            .collect(Collectors.joining(File.pathSeparator)));
    command.addAll(List.of(OpensWhatMayNotBeWritten.class.getName(), path.toString()));
    Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
    String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertThat(output).contains("add readonly=on", "read only: true").doesNotContain("opened");
  }

  @Test
  void aBugEndsARequestToo() throws IOException {
    try (BlockDevice image = open(file("disk", 1024, 0), false, Discard.IGNORE)) {
      MemorySegment gone;
      try (Arena shortLived = Arena.ofShared()) {
        gone = shortLived.allocate(512);
      }
      assertThat(wait(d -> image.read(0, List.of(gone), d))).isEqualTo(Status.IO_ERROR);
      assertThat(wait(d -> image.read(0, List.of(bytes(512, 0)), d))).isEqualTo(Status.OK);
    }
  }

  @Test
  void otherFormatsAreRecognised() throws IOException {
    Path path = folder.resolve("d");
    Files.writeString(path, "Bochs Virtual HD Image");
    var source = OptionSource.of("-drive", "id=d,file=" + path, "");
    DriveOptions options = DriveOptionsCodec.CODEC.parse(source, References.NONE);
    assertThatThrownBy(() -> Images.open("-drive", options))
        .hasMessageContaining("Image not in Bochs format");
    assertThatThrownBy(() -> ImageFormat.named("-drive", "rwa"))
        .hasMessage("-drive: no image format 'rwa'; did you mean 'raw'?");
  }

  @Test
  void aClosedImageAnswersStill() throws IOException {
    BlockDevice image = open(file("disk", 1024, 0), false, Discard.IGNORE);
    image.close();
    image.close();
    assertThat(wait(d -> image.read(0, List.of(bytes(1, 0)), d))).isEqualTo(Status.NO_MEDIUM);
  }

  @Test
  void aFullHostStopsTheMachineUnlessSomethingElseWasSaid() throws IOException {
    try (BlockDevice device = open(file("d", 4096, 0), false, Discard.IGNORE)) {
      assertThat(device.onError(true, Status.NO_SPACE)).isEqualTo(ErrorAction.STOP);
      assertThat(device.onError(true, Status.IO_ERROR)).isEqualTo(ErrorAction.REPORT);
      assertThat(device.onError(false, Status.IO_ERROR)).isEqualTo(ErrorAction.REPORT);
      device.onErrors(OnError.STOP, OnError.IGNORE);
      assertThat(device.onError(false, Status.IO_ERROR)).isEqualTo(ErrorAction.STOP);
      assertThat(device.onError(true, Status.NO_SPACE)).isEqualTo(ErrorAction.IGNORE);
    }
  }
}
