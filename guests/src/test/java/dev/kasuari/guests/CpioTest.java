package dev.kasuari.guests;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.apache.commons.compress.archivers.cpio.CpioArchiveEntry;
import org.apache.commons.compress.archivers.cpio.CpioArchiveInputStream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** A reader that we did not write lists what the writer wrote. */
@Tag("fast")
final class CpioTest {
  private static List<String> list(byte[] archive) throws IOException {
    List<String> lines = new ArrayList<>();
    try (CpioArchiveInputStream in =
        new CpioArchiveInputStream(new ByteArrayInputStream(archive))) {
      for (CpioArchiveEntry e = in.getNextEntry(); e != null; e = in.getNextEntry()) {
        String data = new String(in.readAllBytes(), StandardCharsets.UTF_8);
        String device =
            e.isDirectory() || e.isRegularFile() || e.isSymbolicLink()
                ? ""
                : " " + e.getRemoteDeviceMaj() + ":" + e.getRemoteDeviceMin();
        lines.add(Long.toOctalString(e.getMode()) + " " + e.getName() + " [" + data + "]" + device);
      }
    }
    return lines;
  }

  @Test
  void writesEveryKindOfEntryAndTheParents() throws IOException {
    byte[] archive =
        new Cpio()
            .file("/etc/deep/motd", 0644, "hello")
            .directory("etc", 0700)
            .directory("root", 0700)
            .symlink("etc/link", "deep/motd")
            .characterDevice("dev/console", 0600, 5, 1)
            .blockDevice("dev/vda", 0660, 254, 0)
            .fifo("dev/pipe", 0644)
            .file("empty", 0755, "")
            .toBytes();
    assertThat(list(archive))
        .containsExactly(
            "40755 etc []",
            "40755 etc/deep []",
            "100644 etc/deep/motd [hello]",
            "40700 root []",
            "120777 etc/link [deep/motd]",
            "40755 dev []",
            "20600 dev/console [] 5:1",
            "60660 dev/vda [] 254:0",
            "10644 dev/pipe [] 0:0",
            "100755 empty []");
    assertThat(archive.length % 512).isZero();
  }

  @Test
  void namesAndContentsOfEveryLengthStayAligned() throws IOException {
    Cpio cpio = new Cpio();
    List<String> expected = new ArrayList<>();
    for (int i = 1; i <= 9; i++) {
      cpio.file("n".repeat(i), 0600, "d".repeat(i));
      expected.add("100600 " + "n".repeat(i) + " [" + "d".repeat(i) + "]");
    }
    assertThat(list(cpio.toBytes())).isEqualTo(expected);
  }

  @Test
  void theSameContentsGiveTheSameBytes() {
    assertThat(new Cpio().file("a", 0644, "x").toBytes())
        .isEqualTo(new Cpio().file("a", 0644, "x").toBytes());
  }

  @Test
  void concatenationStartsEachArchiveAligned() throws IOException {
    byte[] second = new Cpio().file("b", 0644, "2").toBytes();
    byte[] whole = Cpio.concatenate(new byte[] {1, 2, 3}, second);
    assertThat(whole).startsWith(1, 2, 3, 0);
    assertThat(list(Arrays.copyOfRange(whole, 512, whole.length))).containsExactly("100644 b [2]");
    assertThat(Cpio.concatenate(second)).isEqualTo(second);
  }

  @Test
  void refusesNamesThatNoArchiveCanHold() {
    for (String name : List.of("", "/", "a/../b", "..", "nul\0")) {
      assertThatThrownBy(() -> new Cpio().file(name, 0644, "x"))
          .isInstanceOf(IllegalArgumentException.class);
    }
  }
}
