package dev.kasuari.guests;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

@Tag("fast")
final class DebTest {
  @TempDir Path directory;

  private Deb deb(byte[] bytes) throws IOException {
    return new Deb(Files.write(directory.resolve("p.deb"), bytes));
  }

  private static String text(byte[] data) {
    return new String(data, StandardCharsets.UTF_8);
  }

  @Test
  void readsFilesWhateverTheCompression() throws IOException {
    for (byte[] bytes :
        new byte[][] {
          new DebFile().file("./usr/bin/a", "one").xz(),
          new DebFile().file("./usr/bin/a", "one").gz(),
          new DebFile().file("./usr/bin/a", "one").plain()
        }) {
      assertThat(text(deb(bytes).read("usr/bin/a"))).isEqualTo("one");
    }
  }

  @Test
  void readsLongNamesAndManyFilesInOnePass() throws IOException {
    String deep = "./" + "very-long-directory-name/".repeat(10) + "file";
    Deb deb = deb(new DebFile().directory("./d").file("./a", "1").file(deep, "2").xz());
    assertThat(deb.paths()).containsExactly("a", deep.substring(2));
    assertThat(deb.read(p -> true)).hasSize(2).containsKey("a");
  }

  @Test
  void followsLinksInsideThePackage() throws IOException {
    Deb deb =
        deb(
            new DebFile()
                .file("./boot/vmlinuz-6", "kernel")
                .symlink("./vmlinuz", "boot/vmlinuz-6")
                .symlink("./usr/share/k", "../../vmlinuz")
                .symlink("./absolute", "/boot/vmlinuz-6")
                .hardLink("./hard", "./boot/vmlinuz-6")
                .symlink("./loop", "loop")
                .xz());
    assertThat(text(deb.read("usr/share/k"))).isEqualTo("kernel");
    assertThat(text(deb.read("absolute"))).isEqualTo("kernel");
    assertThat(text(deb.read("hard"))).isEqualTo("kernel");
    assertThatThrownBy(() -> deb.read("loop")).hasMessageContaining("link to itself");
    assertThatThrownBy(() -> deb.read("boot/none"))
        .isInstanceOf(GuestException.class)
        .hasMessageContaining("p.deb: has no file boot/none");
  }

  @Test
  void extractsFilesModesAndLinks() throws IOException {
    Path out = directory.resolve("out");
    deb(new DebFile()
            .directory("./usr")
            .file("./usr/bin/run", new byte[] {1, 2}, 0100755)
            .file("./usr/data", "d")
            .symlink("./usr/here", "data")
            .symlink("./usr/bin/there", "/usr/data")
            .hardLink("./usr/same", "./usr/data")
            .gz())
        .extract(out);
    assertThat(out.resolve("usr/bin/run")).hasBinaryContent(new byte[] {1, 2}).isExecutable();
    assertThat(Files.isExecutable(out.resolve("usr/data"))).isFalse();
    assertThat(out.resolve("usr/here")).isSymbolicLink().hasContent("d");
    assertThat(out.resolve("usr/bin/there")).isSymbolicLink().hasContent("d");
    assertThat(out.resolve("usr/same")).hasContent("d");
  }

  @Test
  void nothingIsWrittenOutsideOfTheDirectory() throws IOException {
    Path outside = Files.createDirectory(directory.resolve("outside"));
    Path out = directory.resolve("out");
    assertThatThrownBy(() -> deb(new DebFile().file("../outside/x", "!").xz()).extract(out))
        .hasMessageContaining("leaves the directory");
    assertThatThrownBy(() -> deb(new DebFile().symlink("l", "../outside").xz()).extract(out))
        .hasMessageContaining("l links to ../outside, outside of the package");
    assertThatThrownBy(() ->
            deb(new DebFile().directory("d").symlink("l", "d").file("l/x", "!").xz()).extract(out))
        .hasMessageContaining("goes through the link l");
    deb(new DebFile().file("/outside/x", "!").xz()).extract(out);
    assertThat(outside).isEmptyDirectory();
    assertThat(out.resolve("outside/x")).hasContent("!");
  }

  @Test
  void aFileIsNotWrittenThroughALinkOfTheSameName() throws IOException {
    Path out = directory.resolve("out");
    deb(new DebFile().file("victim", "v").symlink("l", "victim").file("l", "new").xz())
        .extract(out);
    assertThat(out.resolve("victim")).hasContent("v");
    assertThat(out.resolve("l")).hasContent("new").isRegularFile();
  }

  @Test
  void damagedPackagesAreNamed() throws IOException {
    byte[] good = new DebFile().file("./a", "x".repeat(100_000)).xz();
    for (int length : new int[] {0, 5, 8, 70, good.length / 2, good.length - 20}) {
      assertThatThrownBy(() -> deb(Arrays.copyOf(good, length)).read("a"))
          .as("cut to %d", length)
          .isInstanceOf(GuestException.class)
          .hasMessageContaining("p.deb");
    }
    assertThatThrownBy(() -> deb(DebFile.ar("data.tar.lzma", new byte[4])).paths())
        .hasMessageContaining("data.tar.lzma is compressed in an unknown way");
  }
}
