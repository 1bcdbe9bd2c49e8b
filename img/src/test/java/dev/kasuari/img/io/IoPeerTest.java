package dev.kasuari.img.io;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * The same scripts print the same as with qemu-io 7.2, end with the same code, and make the same
 * disk.
 */
@Tag("guest")
class IoPeerTest {
  @TempDir Path folder;
  private Path ours;
  private Path theirs;

  private record Run(String out, String err, int code) {}

  @BeforeEach
  void images() throws Exception {
    assertThat(Path.of("/usr/bin/qemu-io")).as("qemu-io of the package qemu-utils").isExecutable();
    ours = Files.createDirectory(folder.resolve("ours"));
    theirs = Files.createDirectory(folder.resolve("them"));
    for (Path side : List.of(ours, theirs)) {
      img(side, "create -q -f qcow2 a.qcow2 4M");
      img(side, "create -q -f qcow2 -b a.qcow2 -F qcow2 b.qcow2 4M");
      img(side, "create -q -f raw a.raw 1M");
      Files.writeString(side.resolve("text"), "seven b");
    }
  }

  private static void img(Path folder, String words) throws Exception {
    var command = new ArrayList<>(List.of("qemu-img"));
    command.addAll(List.of(words.split(" ")));
    Process process = new ProcessBuilder(command).directory(folder.toFile()).inheritIO().start();
    assertThat(process.waitFor()).as(words).isZero();
  }

  /** Words separated by {@code |}; {@code DIR} stands for the side's folder. */
  private static List<String> words(Path side, String text) {
    return Arrays.stream(text.split("\\|"))
        .map(w -> w.strip().replace("DIR", side.toString()))
        .toList();
  }

  private Run theirs(String text, String input) throws Exception {
    var command = new ArrayList<>(List.of("/usr/bin/qemu-io"));
    command.addAll(words(theirs, text));
    Path err = folder.resolve("stderr");
    Process process = new ProcessBuilder(command).redirectError(err.toFile()).start();
    try (var in = process.getOutputStream()) {
      in.write(input.getBytes(StandardCharsets.UTF_8));
    }
    byte[] out = process.getInputStream().readAllBytes();
    return run(theirs, out, Files.readAllBytes(err), process.waitFor());
  }

  private Run ours(String text, String input) {
    var out = new ByteArrayOutputStream();
    var err = new ByteArrayOutputStream();
    int code =
        IoTool.run(
            words(ours, text),
            new ByteArrayInputStream(input.getBytes(StandardCharsets.UTF_8)),
            new PrintStream(out, true, StandardCharsets.UTF_8),
            new PrintStream(err, true, StandardCharsets.UTF_8));
    return run(ours, out.toByteArray(), err.toByteArray(), code);
  }

  private static Run run(Path side, byte[] out, byte[] err, int code) {
    return new Run(masked(side, out), masked(side, err), code);
  }

  /** Times are not the same twice, and help is in words of our own. */
  private static String masked(Path side, byte[] bytes) {
    return new String(bytes, StandardCharsets.UTF_8)
        .replace(side.toString(), "DIR")
        .replace("kasuari-io", "qemu-io")
        .replaceAll("ops; .* ops/sec\\)", "ops; X")
        .replaceAll(",1,\\d+:\\d\\d:\\d\\d\\.\\d\\d,[0-9.]+,[0-9.]+", ",1,X")
        .replaceAll("(?m) -- [a-zA-Z ,]{8,}$", " -- DOC");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "-f|qcow2|-c|write -n -z 0 64k|-c|write -n -z -u 0 64k|-c|map|DIR/a.qcow2",
        "-f|raw|-c|write -n -z 0 64k|-c|read -P 0 0 64k|DIR/a.raw",
        "-c|open -o lazy-refcounts=on DIR/a.qcow2|-c|write 0 64k|-c|length",
        "-k|-c|read 0 512|DIR/a.qcow2",
        "-C|-c|write -z 1M 64k|-c|read 1k 1k|-c|alloc 0 64k|-c|map|-c|info|DIR/b.qcow2",
        "-r|-C|-c|read 0 512|DIR/b.qcow2",
        "-c|open -C DIR/b.qcow2|-c|write -c 0 64k|-c|read 64k 1k|-c|map",
        "-f|qcow2|-c|write -P 1 0 64k|-c|read -P 1 0 64k|-c|read -P 2 0 64k|-c|read -v 10 40|DIR/a.qcow2",
        "-f|qcow2|-c|write -P 0x41 0 1k|-c|read -v 1000 100|DIR/a.qcow2",
        "-f|qcow2|-c|read -C 0 64k|-c|write -C 0 1k|-c|write 0 1|DIR/a.qcow2",
        "-f|qcow2|-c|write 5M 1k|-c|write -1 1k|-c|write 0|-c|write|-c|write 0 1 2|DIR/a.qcow2",
        "-f|qcow2|-c|write x 1k|-c|write 0 x|-c|write 0 3G|-c|write -P 300 0 1k|DIR/a.qcow2",
        "-f|qcow2|-c|write -P foo 0 1k|-c|write -Z 0 1k|-c|write -P|DIR/a.qcow2",
        "-f|qcow2|-c|write -z 0 1k|-c|write -u 0 1k|-c|write -n 0 1k|-c|write -zu 0 1k|DIR/a.qcow2",
        "-f|qcow2|-c|write -z -P 3 0 1k|-c|write -b -z 0 1k|-c|write -f 0 1k|DIR/a.qcow2",
        "-f|qcow2|-c|write -f -c 0 64k|-c|write -f -b 0 1k|-c|write -c 1 64k|DIR/a.qcow2",
        "-f|qcow2|-c|write -c 0 1k|-c|write -c 0 64k|-c|write -c 128k 128k|-c|map|DIR/a.qcow2",
        "-f|qcow2|-c|write -s DIR/nope 0 1k|-c|write -s DIR/text -P 1 0 1k|DIR/a.qcow2",
        "-f|qcow2|-c|write -s DIR/text 3 60|-c|read -v 0 64|DIR/a.qcow2",
        "-f|qcow2|-c|read -s 1 0 1k|-c|read -l 1 0 1k|-c|read -P 1 -s 10 -l 20 0 1k|DIR/a.qcow2",
        "-f|qcow2|-c|read -P 0 -s 10 -l 2000 0 1k|-c|read -P 0 -s 1000 0 1k|DIR/a.qcow2",
        "-f|qcow2|-c|read -a 0 1k|-c|read -b 1 512|-c|read -b 0 1|-c|read -p 1 1|DIR/a.qcow2",
        "-f|qcow2|-c|write -b -P 5 0 64k|-c|read -b -P 5 0 64k|-c|read -b -P 0 64k 1M|-c|map|DIR/a.qcow2",
        "-f|qcow2|-c|write -b 1000k 4M|-c|read -b -P 1 0 1k|-c|read -b -v 1000k 512|-c|info|DIR/a.qcow2",
        "-f|qcow2|-c|write -b 100G 1k|-c|read -b -P 0xcd 100G 1k|-c|write -b 7E 1k|-c|read -b 7E 1k|DIR/a.qcow2",
        "-f|qcow2|-c|write -b -s DIR/text 0 1k|-c|read -b -C 0 1k|-c|write -b -q 0 0|DIR/a.qcow2",
        "-r|-f|qcow2|-c|write -b 0 1k|-c|read -b 0 1k|DIR/a.qcow2",
        "-s|-f|qcow2|-c|write -b -P 5 0 1k|-c|read -b -P 5 0 1k|DIR/a.qcow2",
        "-f|raw|-c|write -b 0 1k|-c|read -b 0 1k|DIR/a.raw",
        "--image-opts|-c|write -b 0 1k|-c|read -b 0 1k|driver=raw,file.driver=qcow2,file.file.driver=file,file.file.filename=DIR/a.qcow2",
        "--image-opts|-c|write -b 0 1k|-c|read -b 0 1k|driver=copy-on-read,file.driver=qcow2,file.file.driver=file,file.file.filename=DIR/a.qcow2",
        "-f|qcow2|-c|writev -P 3 0 1k 2k|-c|readv -P 3 0 1k 2k|-c|readv -v 0 16 16|DIR/a.qcow2",
        "-f|qcow2|-c|readv 0|-c|readv 0 1k x|-c|writev 4M 1k|-c|readv -P 4 0 9|DIR/a.qcow2",
        "-f|qcow2|-c|aio_write -P 9 0 64k 1k|-c|aio_flush|-c|aio_read -P 9 0 64k|DIR/a.qcow2",
        "-f|qcow2|-c|aio_read 4M 1k|-c|aio_flush|-c|aio_write 4M 1k|-c|aio_flush|DIR/a.qcow2",
        "-f|qcow2|-c|aio_write -i 0 1k|-c|aio_read -i 0 1k|-c|aio_write -z 0 64k 1k|DIR/a.qcow2",
        "-f|qcow2|-c|aio_write -z 0 64k|-c|aio_flush|-c|aio_write -u 0 1k|DIR/a.qcow2",
        "-f|qcow2|-c|aio_read -P 9 0 64k|-c|aio_flush|DIR/a.qcow2",
        "-f|qcow2|-c|flush|-c|flush x|-c|discard 0 64k|-c|discard -C 0 64k|DIR/a.qcow2",
        "-f|qcow2|-c|discard 10M 1k|-c|discard 0 3G|-c|discard 0|-c|length|DIR/a.qcow2",
        "-f|qcow2|-c|truncate 8M|-c|length|-c|truncate 1300k|-c|length|-c|truncate|DIR/a.qcow2",
        "-f|qcow2|-c|truncate -m foo 10M|-c|truncate x|-c|truncate 1 2 3 4|DIR/a.qcow2",
        "-f|qcow2|-c|write 64k 1|-c|alloc 0|-c|alloc 0 1M|-c|alloc 64k 64k|DIR/a.qcow2",
        "-f|qcow2|-c|alloc 100M 1k|-c|alloc 1M 100M|-c|alloc|-c|alloc x|-c|map x|DIR/a.qcow2",
        "-f|qcow2|-c|write 100k 1|-c|write -z 1M 64k|-c|map|DIR/b.qcow2",
        "-f|qcow2|-c|info|-c|open|-c|open DIR/b.qcow2|DIR/a.qcow2",
        "-f|raw|-c|info|-c|i|-c|l|-c|r 0 1|-c|w 0 1|-c|t 1M|-c|d 0 512|-c|a 0|-c|f|DIR/a.raw",
        "-f|raw|-c|read 0 512 -q|-c|write -C -q 0 1k|-c|read 1.5k 1K|-c|read 0x10 0x10|DIR/a.raw",
        "-f|raw|-c|write 0 9223372036854775808|-c|read 9223372036854775807 1|DIR/a.raw",
        "-f|raw|-c|read 0 1536|-c|read 0 0|-c|write 0 0|-c|discard 1 1|DIR/a.raw",
        "-f|raw|-c|flush -x|-c|length 1|-c|alloc 0 -1|-c|aio_read 0|-c|aio_read -Z 0 1|DIR/a.raw",
        "-c|read 0 1|-c|length|-c|close|-c|info",
        "-c|open -Z|-c|open a b|-c|open DIR/nope|-c|open -o driver=nope DIR/a.raw",
        "-c|open -o driver=raw DIR/a.raw|-c|open DIR/a.raw|-c|close|-c|close",
        "-c|open -U DIR/a.qcow2|-c|open -r -U -o driver=raw DIR/a.raw|-c|length",
        "-c|open -o driver=raw,file.filename=DIR/a.raw|-c|length",
        "-c|open -t foo DIR/a.raw|-c|open -d foo DIR/a.raw|-c|open",
        "-c|open -o driver=qcow2 DIR/a.qcow2|-c|reopen -r|-c|write 0 1k|-c|reopen -w|-c|write 0 1k",
        "-f|qcow2|-c|reopen -r -w|-c|reopen -c none|-c|reopen x|-c|read 0 1k|DIR/a.qcow2",
        "-f|raw|-c|sleep 1|-c|sleep|-c|sleep x|-c|sleep -1|DIR/a.raw",
        "-f|raw|-c|break read_aio A|-c|resume A|-c|remove_break A|-c|break A|DIR/a.raw",
        "-f|raw|-c|help foo|-c|quit|-c|read 0 1k|DIR/a.raw",
        "-f|raw|-c|foo|-c|sigraise x|-c|q|DIR/a.raw",
        "-c|read 0 1k|DIR/nope",
        "-f|nope|-c|read 0 1k|DIR/a.raw",
        "-r|-f|raw|-c|write 0 1k|-c|discard 0 1k|-c|aio_write 0 1k|-c|truncate 1M|DIR/a.raw",
        "-r|-c|read 0 1k|DIR/a.raw",
        "-U|-f|raw|-c|read 0 1k|DIR/a.raw",
        "--image-opts|-c|read 0 1k|driver=qcow2,file.driver=file,file.filename=DIR/a.raw",
        "--image-opts|-c|read 0 1k|driver=compress,file.driver=raw,file.file.driver=file,file.file.filename=DIR/a.raw",
        "-c|open -o driver=qcow2,file.driver=file,file.filename=DIR/a.raw",
        "--image-opts|-c|write 0 1k|driver=qcow2,file.driver=file,file.filename=DIR/a.qcow2,force-share=on",
        "--image-opts|-r|-c|read 0 1k|driver=qcow2,file.driver=file,file.filename=DIR/a.qcow2,force-share=on",
        "-r|-U|-f|raw|-c|read 0 1k|DIR/a.raw",
        "-t|foo|DIR/a.raw",
        "-d|foo|DIR/a.raw",
        "-i|foo|DIR/a.raw",
        "-t|none|-f|raw|-c|write -P 5 0 4k|-c|read -P 5 0 4k|DIR/a.raw",
        "--image-opts|-c|read 0 1k|driver=qcow2,file.filename=DIR/a.qcow2",
        "--image-opts|-f|raw|-c|read 0 1k|driver=qcow2,file.filename=DIR/a.qcow2",
        "-s|-f|qcow2|-c|write -P 77 0 1k|-c|read -P 77 0 1k|DIR/a.qcow2",
        "-f|raw|--cmd|  read   0  512|DIR/a.raw",
      })
  void printsTheSame(String words) throws Exception {
    Run a = theirs(words, "");
    Run b = ours(words, "");
    assertThat(b.out()).isEqualTo(a.out());
    assertThat(b.err()).isEqualTo(a.err());
    assertThat(b.code()).isEqualTo(a.code());
  }

  @Test
  void readsCommandsFromItsInput() throws Exception {
    String input = "read 0 512\n\nfoo\nwrite -P 3 1k 1k\nread 0 99999999999\nquit\nread 0 1\n";
    assertThat(ours("-f|raw|DIR/a.raw", input)).isEqualTo(theirs("-f|raw|DIR/a.raw", input));
    assertThat(ours("-f|raw|DIR/a.raw", "read 0 1"))
        .isEqualTo(theirs("-f|raw|DIR/a.raw", "read 0 1"));
  }

  /** Every command that QEMU's has is there, with the same words behind it. */
  @Test
  void hasTheSameCommands() throws Exception {
    String words = "-f|raw|-c|help|DIR/a.raw";
    assertThat(commands(ours(words, ""))).isEqualTo(commands(theirs(words, "")));
  }

  private static List<String> commands(Run run) {
    return run.out().lines().map(l -> l.replaceAll(" +-- .*", "").strip()).toList();
  }

  @ParameterizedTest
  @ValueSource(strings = {"raw", "qcow2", "vmdk", "vdi", "vpc", "vhdx", "qed", "qcow"})
  void reopensImages(String format) throws Exception {
    for (Path side : List.of(ours, theirs)) {
      img(side, "create -q -f " + format + " x 4M");
    }
    for (String script :
        List.of(
            "-c|write 0 64k|-c|reopen -r|-c|write 0 64k|-c|read 0 64k|-c|reopen -w|-c|write 0 64k",
            "-r|-c|write 0 64k|-c|reopen -w|-c|write -P 3 0 64k|-c|reopen|-c|read -P 3 0 64k",
            "-c|reopen -c none|-c|write 0 64k|-c|reopen -c unsafe|-c|reopen -c foo|-c|read 0 64k",
            "-c|reopen -o cache.direct=on|-c|reopen -o cache.no-flush=on|-c|write 0 64k",
            "-c|reopen -o discard=unmap|-c|reopen -o detect-zeroes=on|-c|write -P 0 0 64k|-c|map",
            "-c|reopen -r -w|-c|reopen -r -o read-only=on|-c|reopen -c none -o cache.direct=on",
            "-c|reopen -o foo=1|-c|reopen -o foo.bar=1|-c|reopen -o file.foo=1|-c|write 0 64k",
            "-c|reopen -o file.filename=x|-c|reopen -o file.locking=off|-c|reopen -o node-name=n",
            "-c|reopen -o driver=nope|-c|reopen -o file.driver=raw|-c|reopen -o file=nope",
            "-c|reopen -o driver=" + format + ",file.driver=file|-c|read 0 1k")) {
      printsTheSame("-f|" + format + "|" + script + "|DIR/x");
    }
  }

  /**
   * QEMU's Parallels and some of its filters cannot be reopened; nor may {@code -o} end writing.
   */
  @Test
  void reopensWhatQemuDoesNot() throws Exception {
    img(ours, "create -q -f parallels x 4M");
    String script = "-c|reopen -r|-c|read 0 1k|-c|reopen -w|-c|write 0 1k|";
    assertThat(ours("-f|parallels|" + script + "DIR/x", "").code()).isZero();
    String filter = "driver=compress,file.driver=qcow2,file.file.filename=DIR/a.qcow2";
    assertThat(ours("--image-opts|" + script + filter, "").code()).isZero();
    Run run = ours("-c|reopen -o read-only=on|-c|write 0 1k|-f|parallels|DIR/x", "");
    assertThat(run.err()).isEqualTo("qemu-io: Block node is read-only\n");
    Run back = ours("-c|reopen -o read-only=on|-c|reopen -w|-c|write 0 1k|-f|parallels|DIR/x", "");
    assertThat(back.err()).isEmpty();
  }

  @Test
  void anObjectThatCannotBeMadeIsNoMatterOfTheImage() throws Exception {
    String words = "--object|iothread,id=i|-c|read 0 1k|DIR/a.raw";
    assertThat(theirs(words, "").err()).startsWith("qemu-io: invalid object type: iothread");
    assertThat(ours(words, "").err())
        .startsWith("qemu-io: --object: invalid object type: iothread");
    assertThat(ours(words, "").code()).isEqualTo(theirs(words, "").code()).isOne();
  }

  /** Zeroes that are to cost nothing pass through filters, or are refused below them. */
  @ParameterizedTest
  @ValueSource(
      strings = {
        "driver=compress,file.driver=qcow2,file.file.driver=file,file.file.filename=DIR/a.qcow2",
        "driver=preallocate,file.driver=file,file.filename=DIR/z.raw",
        "driver=blkdebug,image.driver=qcow2,image.file.driver=file,image.file.filename=DIR/a.qcow2",
        "driver=blkdebug,max-write-zero=64k,image.driver=qcow2,image.file.driver=file,image.file.filename=DIR/a.qcow2",
        "driver=blkdebug,opt-write-zero=128k,image.driver=qcow2,image.file.driver=file,image.file.filename=DIR/a.qcow2",
        "driver=quorum,vote-threshold=1,children.0.driver=qcow2,children.0.file.driver=file,children.0.file.filename=DIR/a.qcow2",
        "driver=raw,file.driver=blkdebug,file.image.driver=file,file.image.filename=DIR/z.raw",
      })
  void zeroesPassThroughFilters(String options) throws Exception {
    for (Path side : List.of(ours, theirs)) {
      img(side, "create -q -f raw z.raw 4M");
    }
    for (String how : List.of("-z -n", "-z -n -u")) {
      printsTheSame(
          "--image-opts|-c|write 0 2M|-c|write HOW 0 64k|-c|write HOW 100k 64k|-c|write HOW 2M 128k"
                  .replace("HOW", how)
              + "|-c|read -P 0 0 64k|-c|read -P 0 2M 128k|-c|map|"
              + options);
      if (options.startsWith("driver=compress")) {
        return; // QEMU writes over compressed clusters once only
      }
    }
  }

  /** Each reads the state that the other wrote, in snapshots too. */
  @Test
  void aMachinesStateIsInTheSamePlace() throws Exception {
    for (Path side : List.of(ours, theirs)) {
      img(side, "create -q -f qcow2 -o cluster_size=512 s.qcow2 40M");
    }
    String write = "-f|qcow2|-c|write -b -P 5 0 3M|-c|write -P 6 1M 64k|DIR/s.qcow2";
    assertThat(ours(write, "")).isEqualTo(theirs(write, ""));
    Path kept = Files.move(ours.resolve("s.qcow2"), folder.resolve("kept"));
    Files.move(theirs.resolve("s.qcow2"), ours.resolve("s.qcow2"));
    Files.move(kept, theirs.resolve("s.qcow2"));
    img(theirs, "snapshot -c one s.qcow2");
    for (int pattern : new int[] {5, 7}) {
      String read = "-f|qcow2|-c|read -b -P " + pattern + " 0 3M|-c|read -b -P 0 3M 1M|";
      Run a = ours(read + "-c|write -b -P 7 0 3M|DIR/s.qcow2", "");
      assertThat(a.code()).as(a.out()).isZero();
      assertThat(a).isEqualTo(theirs(read + "-c|write -b -P 7 0 3M|DIR/s.qcow2", ""));
    }
    img(theirs, "snapshot -a one s.qcow2");
    assertThat(theirs("-f|qcow2|-c|read -b -P 5 0 3M|DIR/s.qcow2", "").code()).isZero();
    img(ours, "check -q s.qcow2");
    img(theirs, "check -q s.qcow2");
  }

  /** In QEMU's image it shows as data where the disk grows over it. */
  @Test
  void aMachinesStateIsNoDiskOfAnotherSize() throws Exception {
    Run run =
        ours(
            "-f|qcow2|-c|write -b -P 5 0 64k|-c|truncate 1G|-c|read -P 0 512M 64k"
                + "|-c|write -b -P 6 0 64k|-c|truncate 4M|-c|truncate 2G|-c|read -P 0 1G 64k"
                + "|DIR/a.qcow2",
            "");
    assertThat(run.out()).doesNotContain("failed");
    assertThat(run.code()).isZero();
    img(ours, "check -q a.qcow2");
  }

  @Test
  void randomScriptsMakeTheSameDisk() throws Exception {
    int seeds = Integer.getInteger("kasuari.block.seeds", 2);
    for (int seed = 1; seed <= seeds; seed++) {
      String words = script(new Random(seed));
      Run a = theirs(words + "DIR/b.qcow2", "");
      Run b = ours(words + "DIR/b.qcow2", "");
      assertThat(b).as("seed " + seed).isEqualTo(a);
      img(folder, "compare -q -f qcow2 -F qcow2 ours/b.qcow2 them/b.qcow2");
    }
  }

  private static String script(Random random) {
    var out = new StringBuilder("-f|qcow2|");
    for (int i = 0; i < 40; i++) {
      int offset = random.nextInt(4 << 20) & (random.nextBoolean() ? -1 : -65536);
      int length = 1 + random.nextInt(1 << (1 + random.nextInt(18)));
      String range = offset + " " + length;
      int pattern = random.nextInt(256);
      out.append("-c|")
          .append(
              switch (random.nextInt(8)) {
                case 0, 1 -> "write -P " + pattern + " " + range;
                case 2 -> "write -z " + (random.nextBoolean() ? "-u " : "") + range;
                case 3 -> "writev -P " + pattern + " " + range + " " + length;
                case 4 -> "read -P " + pattern + " " + range;
                case 5 -> "alloc " + range;
                case 6 -> "map";
                default -> "flush";
              })
          .append('|');
    }
    return out.toString();
  }
}
