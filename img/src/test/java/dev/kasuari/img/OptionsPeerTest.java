package dev.kasuari.img;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Options of commands: the same words, complaints, codes and disks as with qemu-img 7.2. */
@Tag("guest")
class OptionsPeerTest {
  @TempDir Path folder;
  private Path ours;
  private Path theirs;

  @TempDir private static Path made;

  @BeforeAll
  static void images() throws Exception {
    img("create -q -f qcow2 DIR/0 4M");
    io("0", "write -P 1 0 1M");
    img("snapshot -c one DIR/0");
    io("0", "write -P 9 64k 128k");
    img("create -q -f qcow2 -b 0 -F qcow2 DIR/1");
    io("1", "write -P 2 1M 1M", "write -z 0 64k");
    img("create -q -f qcow2 -b 1 -F qcow2 DIR/2");
    io("2", "write -P 3 1536k 1M");
    img("create -q -f raw DIR/raw 1M");
  }

  @BeforeEach
  void copies() throws Exception {
    ours = Files.createDirectory(folder.resolve("ours"));
    theirs = Files.createDirectory(folder.resolve("them"));
    for (String name : List.of("0", "1", "2", "raw")) {
      Files.copy(made.resolve(name), ours.resolve(name));
      Files.copy(made.resolve(name), theirs.resolve(name));
    }
  }

  private static void img(String words) {
    img(made, words);
  }

  private static void img(Path folder, String words) {
    ToolRun run = ToolRun.theirs(folder, "qemu-img", words);
    assertThat(run.code()).as(words + ": " + run.err()).isZero();
  }

  private static void io(String image, String... commands) throws Exception {
    var words = new java.util.ArrayList<>(List.of("/usr/bin/qemu-io", "-f", "qcow2"));
    for (String command : commands) {
      words.addAll(List.of("-c", command));
    }
    words.add(made.resolve(image).toString());
    var process = new ProcessBuilder(words).redirectErrorStream(true);
    assertThat(new String(process.start().getInputStream().readAllBytes(), StandardCharsets.UTF_8))
        .doesNotContain("failed");
  }

  private static String timeless(String text) {
    return text.replaceAll("completed in [0-9.]+", "completed in N");
  }

  /** Complaints and what is printed are equal to the letter. */
  @ParameterizedTest
  @ValueSource(
      strings = {
        "info -f",
        "info --output",
        "info json:{}",
        "info --image-opts file.filename=DIR/1",
        "info DIR",
        "map -s 64k -l 1M DIR/1",
        "map --output=json -s 512k -l 64k DIR/2",
        "map -l 0 DIR/2",
        "measure -O vmdk --size 1G",
        "measure -O luks --size 1G",
        "resize DIR/0",
        "rebase DIR/1",
        "bitmap DIR/0",
        "amend -f raw -o help",
        "amend -f raw -o size=1M DIR/raw",
        "compare DIR/0",
        "convert DIR/0",
        "create -f dmg -o help",
        "create -f qcow2 -b nope DIR/n",
        "create -f qcow2 -u -b nope DIR/n 1M",
        "create -f raw -b nope -F raw DIR/n 1M",
        "info -f raw --image-opts DIR/0",
        "info --output=xml DIR/0",
        "info -x DIR/0",
        "create -f luks -o detached-header=on,key-secret=s DIR/n 4M",
        "create nbd://127.0.0.1:1/x 1M",
        "create -q -f qcow2 nbd+unix:///x?socket=/nope 1M",
        "create http://127.0.0.1:1/x 1M",
        "create -f qcow2 -o foo=1 https://127.0.0.1:1/x 1M",
        "create -f qcow2 ssh://127.0.0.1:1/x 1M",
        "create ssh://127.0.0.1 1M",
        "create foo:x 1M",
        "create -f bochs foo:x 1M",
        "create fat:x 1M",
        "create null-co:// 1M",
        "create -f qcow2 blkdebug::x 1M",
        "create -f qcow2 DIR 1M",
        "create /proc/x 1M",
        "convert -O qcow2 DIR/0 nbd://127.0.0.1:1/x",
        "convert DIR/0 http://127.0.0.1:1/x",
        "convert DIR/0 ssh://127.0.0.1:1/x",
        "convert -B DIR/0 -O qcow2 DIR/0 foo:x",
        "convert -n -O foo DIR/0 DIR/1",
        "convert -n -O raw DIR/1 DIR/none",
        "convert -n -O qcow2 DIR/1 DIR/raw",
        "convert -n -o size=1M -O qcow2 DIR/1 DIR/2",
        "convert --target-is-zero -O qcow2 DIR/1 DIR/2",
        "dd if=DIR/0 of=nbd://127.0.0.1:1/x",
        "dd if=DIR/0 of=http://127.0.0.1:1/x",
        "dd -O bochs if=DIR/0 of=foo:x",
        "create -f qcow2 DIR/n 9E",
        "create -f qcow2 DIR/n 1.5k",
        "create -f qcow2 -o help",
        "check -r foo DIR/0",
        "check -T foo DIR/0",
        "check -r all -U DIR/0",
        "compare -T foo DIR/0 DIR/0",
        "compare --image-opts driver=raw,file.driver=blkdebug,file.image.driver=file,"
            + "file.image.filename=DIR/raw,file.inject-error.0.event=none,"
            + "file.inject-error.0.iotype=read,file.inject-error.0.errno=5"
            + " driver=file,filename=DIR/raw",
        "compare --image-opts driver=raw,file.driver=blkdebug,file.image.driver=file,"
            + "file.image.filename=DIR/raw,file.inject-error.0.event=none,"
            + "file.inject-error.0.iotype=block-status,file.inject-error.0.errno=5"
            + " driver=file,filename=DIR/raw",
        "snapshot -U -c x DIR/0",
        "resize DIR/0 x",
        "map --start-offset=x DIR/0",
        "amend -o help -f qcow2",
        "amend -o foo=1 DIR/0",
        "amend -o data_file=x DIR/0",
        "amend -t foo -o compat=1.1 DIR/0",
        "amend -o cluster_size=4k DIR/0",
        "amend -o preallocation=off DIR/0",
        "amend -o extended_l2=on DIR/0",
        "amend -o compression_type=zstd DIR/0",
        "amend -o encryption=on DIR/0",
        "amend -o encrypt.format=luks DIR/0",
        "amend -o encrypt.state=active DIR/0",
        "amend -o cluster_size=foo DIR/0",
        "amend -o cluster_size=4k,foo=1 DIR/0",
        "amend -o size=8M,cluster_size=4k DIR/0",
        "amend -o lazy_refcounts=on, DIR/0",
        "amend -o , DIR/0",
        "create -f qcow2 -o ,size=1M DIR/n",
        "bench -c 100 DIR/0",
        "bench -c 100 -w -s 1k -S 8192 -o 3 --pattern 0x41 -t none DIR/0",
        "bench -c 10 -w -d 2 --flush-interval 4 DIR/0",
        "bench -c 10 -w -d 2 --flush-interval 4 --no-drain DIR/0",
        "bench -q -U -c 3 DIR/0",
        "bench -i foo DIR/0",
        "bench -i native DIR/0",
        "bench -n DIR/0",
        "bench -n -t none -c 3 DIR/0",
        "bench -i io_uring -c 3 DIR/0",
        "bench --pattern 300 DIR/0",
        "bench --flush-interval 2 DIR/0",
        "bench -w --flush-interval 2 -d 4 DIR/0",
        "bench -o x DIR/0",
        "bench -s 3G DIR/0",
        "bench -S 3G DIR/0",
        "bench -S 0 -c 3 DIR/0",
        "bench -s 0 -c 1 DIR/0",
        "bench -c x DIR/0",
        "bench -c -1 DIR/0",
        "bench -d -3 DIR/0",
        "bench -t foo DIR/0",
        "bench -w -U -c 1 DIR/0",
        "bench -s 5M -c 2 DIR/0",
        "bench -o 4M -c 2 DIR/0",
        "bench DIR/0 DIR/0",
        "bench DIR/nope",
        "convert -l nope DIR/0 DIR/n",
        "convert -l snapshot.name=one,snapshot.id=2 DIR/0 DIR/n",
        "convert -l snapshot.foo=1 DIR/0 DIR/n",
        "convert -l one -f raw DIR/0 DIR/n",
        "convert -l one DIR/0 DIR/0 DIR/n",
        "convert -C -c -O qcow2 DIR/0 DIR/n",
        "convert -C -S 4k DIR/0 DIR/n",
        "convert -C --salvage DIR/0 DIR/n",
        "convert -r x DIR/0 DIR/n",
        "convert -m 17 DIR/0 DIR/n",
        "convert -m x DIR/0 DIR/n",
        "convert -S 100 DIR/0 DIR/n",
        "convert -S 1000G DIR/0 DIR/n",
        "convert -O qcow2 -o help",
        "convert -B DIR/0 DIR/1 DIR/n",
        "convert -F raw DIR/1 DIR/n",
        "convert -T foo DIR/0 DIR/n",
        "convert -t foo DIR/0 DIR/n",
        "convert --target-image-opts DIR/0 DIR/n",
        "convert --image-opts -f raw DIR/0 DIR/n",
        "convert DIR/0 DIR/no/n",
        "convert -q -p DIR/0 DIR/n",
        "measure -l one -O qcow2 DIR/0",
        "measure -l nope -O qcow2 DIR/0",
        "measure --size 1G DIR/0",
        "measure",
        "measure -O nope --size 1",
        "measure -f raw --size 1",
        "commit -b DIR/nope DIR/2",
        "commit -b DIR/2 DIR/2",
        "commit -r x DIR/2",
        "commit -r -1 DIR/2",
        "commit DIR/0",
        "rebase -b DIR/0 DIR/2",
        "rebase -b DIR/0 -F nope DIR/2",
        "rebase -T foo -b DIR/0 DIR/2",
        "dd if=DIR/0 of=DIR/n bs=0",
        "dd if=DIR/0 of=DIR/n bs=3G",
        "dd if=DIR/0 of=DIR/n bs=",
        "dd if=DIR/0 of=DIR/n count=x",
        "dd if=DIR/0 of=DIR/n skip=x",
        "dd if=DIR/0 of=DIR/n skip=1000000 bs=1k",
        "dd if=DIR/0",
        "dd -O nope if=DIR/0 of=DIR/n",
        "dd -O luks if=DIR/0 of=DIR/n",
        "dd x",
        "dd isize=3 if=DIR/0 of=DIR/n",
        "dd if=DIR/0 of=DIR/no/n",
      })
  void printsTheSame(String words) {
    ToolRun a = ToolRun.theirs(theirs, "qemu-img", words);
    ToolRun b = ToolRun.ours(ours, words);
    assertThat(timeless(b.out())).isEqualTo(timeless(a.out()));
    assertThat(b.err()).isEqualTo(a.err());
    assertThat(b.code()).isEqualTo(a.code());
  }

  /** What is written has the same bytes; qemu-img finds it in order. */
  @ParameterizedTest
  @ValueSource(
      strings = {
        "convert -O qcow2 -l one DIR/0 DIR/n",
        "convert -O qcow2 -l snapshot.id=1 DIR/0 DIR/n",
        "convert -O qcow2 -C DIR/2 DIR/n",
        "convert -O qcow2 -r 100M -W -m 2 DIR/2 DIR/n",
        "dd -O qcow2 -U bs=1000 count=3 if=DIR/0 of=DIR/n",
        "dd -O qcow2 bs=3000 skip=1 count=2 if=DIR/0 of=DIR/n",
        "dd -O qcow2 bs=1M count=100 if=DIR/0 of=DIR/n",
      })
  void makesTheSameDisk(String words) {
    img(theirs, words);
    assertThat(ToolRun.ours(ours, words)).isEqualTo(new ToolRun("", "", 0));
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

  private void both(String words) {
    img(theirs, words);
    ToolRun run = ToolRun.ours(ours, words);
    assertThat(run).as(words).isEqualTo(new ToolRun("", "", 0));
    for (String name : List.of("0", "1", "2")) {
      same(name);
    }
  }

  /** Into the next image, or one further behind, of another size. */
  @Test
  void committedImagesAreTheSame() {
    both("resize -q DIR/2 6M");
    both("commit -q -r 1G -b DIR/0 DIR/2");
    both("commit -q -d DIR/2");
    both("commit -q DIR/1");
  }

  /** Most formats name no other file; a name that is missing is not what is complained of. */
  @ParameterizedTest
  @ValueSource(strings = {"qcow2", "vmdk", "vdi", "vpc", "vhdx", "qed", "parallels", "qcow", "raw"})
  void whatIsBehindImagesOfAFormatIsChangedOrNot(String format) {
    for (Path side : List.of(ours, theirs)) {
      img(side, "create -q -f " + format + " DIR/n 1M");
    }
    for (String how : List.of("-b", "-u -b")) {
      for (String what : List.of("DIR/raw -F raw", "DIR/none -F raw", "DIR/raw")) {
        printsTheSame("rebase " + how + " " + what + " -f " + format + " DIR/n");
      }
      printsTheSame("rebase -f " + format + " " + how + "  DIR/n");
    }
  }

  /** What is behind the end of what is copied stays; smaller images are refused. */
  @ParameterizedTest
  @ValueSource(strings = {"qcow2", "vmdk", "vdi", "vpc", "vhdx", "qed", "parallels", "raw"})
  void copiesIntoImagesThatAreThere(String format) throws Exception {
    for (Path side : List.of(ours, theirs)) {
      img(side, "create -q -f " + format + " DIR/n 6M");
      img(side, "create -q -f " + format + " DIR/small 3M");
      fill(side.resolve("n"), format);
    }
    String target = " -O " + format + " DIR/0 DIR/";
    printsTheSame("convert -n" + target + "small");
    for (String how : List.of("-n", "-n --target-is-zero", "-n -m 1 -S 0")) {
      printsTheSame("convert " + how + target + "n");
      sameDisk(format);
    }
    printsTheSame("convert -n -O " + format + " DIR/raw DIR/0 DIR/n");
    sameDisk(format);
  }

  private static void fill(Path image, String format) throws Exception {
    var words = List.of("/usr/bin/qemu-io", "-f", format, "-c", "write -P 7 0 6M");
    var all = new java.util.ArrayList<>(words);
    all.add(image.toString());
    Process process = new ProcessBuilder(all).redirectErrorStream(true).start();
    process.getInputStream().readAllBytes();
    assertThat(process.waitFor()).isZero();
  }

  private void sameDisk(String format) {
    String words = "compare -f %1$s -F %1$s %2$s/n %3$s/n".formatted(format, ours, theirs);
    assertThat(ToolRun.theirs(folder, "qemu-img", words).out())
        .isEqualTo("Images are identical.\n");
  }

  /** Threads are for devices, and so is what they may share with others: QEMU says so, too. */
  @Test
  void whatOnlyMachinesHaveIsRefused() {
    String thread = "info --object iothread,id=i DIR/0";
    String sharing = "info --image-opts driver=qcow2,file.filename=DIR/0,share-rw=on";
    for (String words : List.of(thread, sharing)) {
      ToolRun run = ToolRun.ours(ours, words);
      assertThat(run.code()).isEqualTo(ToolRun.theirs(theirs, "qemu-img", words).code());
      assertThat(run.code()).isOne();
    }
    String refusal = "invalid object type: iothread";
    assertThat(ToolRun.ours(ours, thread).err()).contains(refusal);
    assertThat(ToolRun.theirs(theirs, "qemu-img", thread).err()).contains(refusal);
  }

  /** QEMU says so, too, and nothing else, but ends as if it had copied. */
  @Test
  void anImageWithSomethingBehindItIsNotZero() {
    String words = "convert -n --target-is-zero -B DIR/0 -F qcow2 -O qcow2 DIR/raw DIR/1";
    ToolRun run = ToolRun.ours(ours, words);
    assertThat(run.err()).isEqualTo(ToolRun.theirs(theirs, "qemu-img", words).err());
    assertThat(run.code()).isOne();
  }

  /** QEMU 7.2 has no such option: what it reads is what was there before. */
  @Test
  void rebasingCompresses() throws Exception {
    img(theirs, "convert -O raw DIR/2 DIR/before");
    assertThat(ToolRun.ours(ours, "rebase -c -b 0 -F qcow2 DIR/2"))
        .isEqualTo(new ToolRun("", "", 0));
    String words = "compare -f qcow2 -F raw " + ours.resolve("2") + " " + theirs.resolve("before");
    assertThat(ToolRun.theirs(folder, "qemu-img", words).code()).isZero();
    assertThat(ToolRun.ours(ours, "check DIR/2").out()).doesNotContain(" 0.00% compressed");
    assertThat(ToolRun.ours(ours, "rebase -c -f raw -b DIR/0 -F qcow2 DIR/raw").err())
        .isEqualTo("qemu-img: Compression not supported for this file format\n");
  }

  /** The long names that QEMU 10 has for letters. */
  @Test
  void longNamesMeanLetters() {
    ToolRun run =
        ToolRun.ours(
            ours, "convert --source-format qcow2 --target-f=qcow2 --compress --no-c DIR/0 DIR/1");
    assertThat(run).isEqualTo(new ToolRun("", "", 0));
    assertThat(ToolRun.ours(ours, "info --form").err())
        .contains("missing argument for option '--form'");
  }
}
