package dev.kasuari.img;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The same words do and print the same as with qemu-img 7.2, and end with the same code. */
@Tag("guest")
class ImagePeerTest {
  @TempDir Path folder;
  private Path ours;
  private Path theirs;

  @BeforeEach
  void images() throws Exception {
    assertThat(Path.of("/usr/bin/qemu-img"))
        .as("qemu-img of the package qemu-utils")
        .isExecutable();
    ours = Files.createDirectory(folder.resolve("ours"));
    theirs = Files.createDirectory(folder.resolve("them"));
    img("create -q -f qcow2 DIR/a.qcow2 4M");
    io("a.qcow2", "write -P 1 0 100k", "write -z 1M 64k", "write -P 3 2M 128k");
    img("create -q -f qcow2 -b a.qcow2 -F qcow2 DIR/b.qcow2 5M");
    io("b.qcow2", "write -P 2 70k 10k", "write -P 4 3M 1M");
    img("snapshot -c before DIR/a.qcow2");
    img("convert -f qcow2 -O raw DIR/a.qcow2 DIR/a.raw");
    img("create -q -f qcow2 -o compat=0.10 DIR/old.qcow2 1M");
    for (String name : List.of("a.qcow2", "b.qcow2", "a.raw", "old.qcow2")) {
      copy(theirs.resolve(name), ours.resolve(name));
    }
  }

  /** With its holes. */
  private static void copy(Path from, Path to) throws Exception {
    var command = List.of("cp", "--sparse=auto", from.toString(), to.toString());
    assertThat(new ProcessBuilder(command).start().waitFor()).isZero();
  }

  private void img(String words) {
    ToolRun run = ToolRun.theirs(theirs, "qemu-img", words);
    assertThat(run.code()).as(words + ": " + run.err()).isZero();
  }

  private void io(String image, String... commands) throws IOException {
    var words = new java.util.ArrayList<>(List.of("/usr/bin/qemu-io", "-f", "qcow2"));
    for (String command : commands) {
      words.addAll(List.of("-c", command));
    }
    words.add(theirs.resolve(image).toString());
    Process process = new ProcessBuilder(words).redirectErrorStream(true).start();
    assertThat(
            new String(
                process.getInputStream().readAllBytes(), java.nio.charset.StandardCharsets.UTF_8))
        .doesNotContain("failed");
  }

  /** Human text and complaints are equal to the letter. */
  @ParameterizedTest
  @ValueSource(
      strings = {
        "info DIR/old.qcow2",
        "info -f raw DIR/a.raw",
        "info DIR/nope",
        "info",
        "bogus",
        "map DIR/b.qcow2",
        "map --output=json DIR/b.qcow2",
        "map --output=json -f raw DIR/a.raw",
        "map --start-offset=65536 --max-length=1M DIR/b.qcow2",
        "check DIR/a.qcow2",
        "check -f raw DIR/a.raw",
        "compare DIR/a.qcow2 DIR/b.qcow2",
        "compare -F raw DIR/a.qcow2 DIR/a.raw",
        "compare -s -F raw DIR/a.qcow2 DIR/a.raw",
        "compare DIR/a.qcow2 DIR/nope",
        "snapshot -l DIR/a.qcow2",
        "snapshot -l DIR/b.qcow2",
        "snapshot -a nope DIR/a.qcow2",
        "snapshot -d nope DIR/a.qcow2",
        "resize DIR/a.qcow2 1M",
        "rebase -b DIR/nope DIR/b.qcow2",
        "measure -f raw -O qcow2 DIR/a.raw",
        "measure -O qcow2 --size 10G",
        "measure -O qcow2 -o cluster_size=2M --size 1T",
        "create -f qcow2 DIR/n 10M",
        "create -f qcow2 -b a.qcow2 -F qcow2 DIR/n",
        "create -f qcow2 -b nope -F qcow2 DIR/n",
        "create -f qcow2 -o compat=0.10,cluster_size=4k,preallocation=metadata DIR/n 3M",
        "create -f qcow2 -o extended_l2=on,lazy_refcounts=on,refcount_bits=8 DIR/n 3M",
        "create -f qcow2 -o compression_type=zstd DIR/n 3M",
        "create -f raw DIR/n 3M",
        "create -f nope DIR/n 3M",
        "create -f qcow2 DIR/n 3x",
        "create -f qcow2 -o foo=1 DIR/n 3M",
        "convert -O nope DIR/a.qcow2 DIR/n",
      })
  void printsTheSame(String words) {
    ToolRun a = ToolRun.theirs(theirs, "qemu-img", words);
    ToolRun b = ToolRun.ours(ours, words);
    assertThat(b.out()).isEqualTo(a.out());
    assertThat(b.err()).isEqualTo(a.err());
    assertThat(b.code()).isEqualTo(a.code());
  }

  /** JSON has the same members; their order is not promised by either. */
  @ParameterizedTest
  @ValueSource(
      strings = {
        "info --output=json DIR/old.qcow2",
        "info --output=json -f raw DIR/a.raw",
        "info --output=json --backing-chain DIR/b.qcow2",
        "check --output=json DIR/a.qcow2",
        "measure --output=json -f raw -O qcow2 DIR/a.raw",
      })
  void jsonIsTheSame(String words) {
    ToolRun a = ToolRun.theirs(theirs, "qemu-img", words);
    ToolRun b = ToolRun.ours(ours, words);
    assertThat(sorted(b.out())).isEqualTo(sorted(a.out()));
    assertThat(b.code()).isEqualTo(a.code());
  }

  private static List<String> sorted(String text) {
    // The room that a file takes is the file system's affair.
    return text.lines()
        .filter(l -> !l.contains("actual-size"))
        .map(l -> l.strip().replaceAll(",$", ""))
        .sorted()
        .toList();
  }

  /** What is changed by us, and the same by them, has the same bytes, and they find it in order. */
  @ParameterizedTest
  @ValueSource(
      strings = {
        "convert -O qcow2 DIR/b.qcow2 DIR/n",
        "convert -c -O qcow2 DIR/b.qcow2 DIR/n",
        "convert -c -O qcow2 -o compression_type=zstd DIR/b.qcow2 DIR/n",
        "convert -O qcow2 -o extended_l2=on,cluster_size=32k DIR/b.qcow2 DIR/n",
        "convert -O qcow2 -o compat=0.10,cluster_size=512 DIR/b.qcow2 DIR/n",
        "convert -O qcow2 -o preallocation=metadata DIR/a.qcow2 DIR/n",
        "convert -O qcow2 -S 0 DIR/a.qcow2 DIR/n",
        "convert -O qcow2 -B a.qcow2 -F qcow2 DIR/b.qcow2 DIR/n",
        "convert -O qcow2 DIR/a.qcow2 DIR/b.qcow2 DIR/n",
        "dd -O qcow2 if=DIR/a.qcow2 of=DIR/n bs=4k skip=3 count=100",
      })
  void makesTheSameDisk(String words) {
    img(words);
    ToolRun run = ToolRun.ours(ours, words);
    assertThat(run).isEqualTo(new ToolRun("", "", 0));
    same("n");
  }

  private void same(String name) {
    String names = "%s/%s %s/%s".formatted(ours, name, theirs, name);
    ToolRun compared = ToolRun.theirs(folder, "qemu-img", "compare -f qcow2 -F qcow2 " + names);
    assertThat(compared.out()).isEqualTo("Images are identical.\n");
    ToolRun checked = ToolRun.theirs(folder, "qemu-img", "check -q " + ours.resolve(name));
    assertThat(checked.err()).isEmpty();
    assertThat(checked.code()).isZero();
  }

  @Test
  void changesTheSame() {
    for (String words :
        List.of(
            "snapshot -c mine DIR/b.qcow2",
            "resize -q DIR/b.qcow2 +1M",
            "resize -q --shrink DIR/b.qcow2 3500k",
            "snapshot -a mine DIR/b.qcow2",
            "snapshot -d mine DIR/b.qcow2",
            "rebase -f qcow2 -b DIR/a.raw -F raw DIR/b.qcow2",
            "rebase -f qcow2 -b DIR/a.qcow2 -F qcow2 DIR/b.qcow2",
            "commit -q -f qcow2 DIR/b.qcow2")) {
      img(words);
      ToolRun run = ToolRun.ours(ours, words);
      assertThat(run).as(words).isEqualTo(new ToolRun("", "", 0));
      same("b.qcow2");
      same("a.qcow2");
    }
  }

  /** A cluster that is counted and not used; one that is used and not counted. */
  @Test
  void findsAndMendsTheSameDamage() throws IOException {
    for (Path side : List.of(ours, theirs)) {
      try (var file = new java.io.RandomAccessFile(side.resolve("old.qcow2").toFile(), "rw")) {
        file.seek(0x20000 + 2 * 20); // the block of counts: cluster 20 is used, it says
        file.writeShort(1);
        file.seek(0x20000 + 2 * 3); // the L1 table is not
        file.writeShort(0);
      }
    }
    ToolRun a = ToolRun.theirs(theirs, "qemu-img", "check DIR/old.qcow2");
    ToolRun b = ToolRun.ours(ours, "check DIR/old.qcow2");
    assertThat(b.code()).isEqualTo(a.code()).isEqualTo(2);
    assertThat(b.err()).isEqualTo(a.err());
    assertThat(ToolRun.ours(ours, "check -r all DIR/old.qcow2").code()).isZero();
    assertThat(ToolRun.theirs(ours, "qemu-img", "check -q DIR/old.qcow2").code()).isZero();
  }
}
