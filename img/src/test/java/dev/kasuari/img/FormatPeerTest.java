package dev.kasuari.img;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The formats beside qcow2: the tools say of them what qemu-img 7.2 says. */
@Tag("guest")
class FormatPeerTest {
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
    byte[] content = new byte[5 << 20];
    for (int i = 0; i < 100_000; i++) {
      content[70_000 + i] = (byte) (i * 7);
      content[3_000_000 + i] = (byte) (i * i);
    }
    for (Path side : List.of(ours, theirs)) {
      Files.write(side.resolve("a.raw"), content);
    }
  }

  static Stream<String> formats() {
    return Stream.of("vdi", "vpc", "vmdk", "qed", "vhdx", "parallels");
  }

  @ParameterizedTest
  @MethodSource("formats")
  void printsTheSame(String format) throws Exception {
    if (format.equals("vpc")
        || format.equals("vhdx")) { // of which QEMU makes none with another behind it
      String help = withoutRoom(ToolRun.ours(ours, "create -f vpc -o help").out());
      String theirHelp = ToolRun.theirs(theirs, "qemu-img", "create -f vpc -o help").out();
      assertThat(help.lines().filter(line -> !line.contains("backing_f")).toList())
          .isEqualTo(withoutRoom(theirHelp).lines().toList());
    } else {
      same("create -f F -o help", format);
    }
    same("create -f F DIR/n 6M", format);
    same("create -f F -o bogus=1 DIR/n 6M", format);
    same("convert -f raw -O F DIR/a.raw DIR/t", format);
    // What follows is said of one image, theirs.
    Files.copy(
        theirs.resolve("t"), ours.resolve("t"), java.nio.file.StandardCopyOption.REPLACE_EXISTING);
    same("info -f F DIR/t", format);
    same("check -f F DIR/t", format);
    if (!format.equals("vhdx")) { // of which QEMU says that all is data
      same("map -f F DIR/t", format);
    }
    same("resize -f F DIR/t 1M", format);
    same("resize -q -f F DIR/t 8M", format);
    same("snapshot -l DIR/t", format);
  }

  private void same(String words, String format) {
    String all = words.replace(" F ", " " + format + " ");
    ToolRun a = ToolRun.theirs(theirs, "qemu-img", all);
    ToolRun b = ToolRun.ours(ours, all);
    assertThat(withoutRoom(b.out())).as(all).isEqualTo(withoutRoom(a.out()));
    assertThat(b.err()).as(all).isEqualTo(a.err());
    assertThat(b.code()).as(all).isEqualTo(a.code());
  }

  /**
   * The room that a file takes is the file system's affair; spaces at ends of lines are nobody's.
   */
  private static String withoutRoom(String text) {
    return text.replaceAll("disk size: .*|; max of 64TB\\.| +(?=\n)", "").replaceAll(" +", " ");
  }

  /**
   * Of which QEMU reads none: made, filled, looked at, checked, committed also past others, and
   * named anew.
   */
  @Test
  void usesDifferencingVhdx() throws Exception {
    byte[] content = Files.readAllBytes(ours.resolve("a.raw"));
    java.util.Arrays.fill(content, 2_000_000, 2_500_000, (byte) 9);
    Files.write(ours.resolve("b.raw"), content);
    said("convert -f raw -O vhdx DIR/a.raw DIR/p.vhdx", "");
    said("create -f vhdx -b p.vhdx -F vhdx DIR/c.vhdx", "backing_file=p.vhdx backing_fmt=vhdx");
    said("info DIR/c.vhdx", "backing file: p.vhdx", "backing file format: vhdx");
    said("info --backing-chain --output=json DIR/c.vhdx", "\"full-backing-filename\"", "p.vhdx");
    said("compare -f raw -F vhdx DIR/a.raw DIR/c.vhdx", "Images are identical.");
    said("convert -n -f raw -O vhdx DIR/b.raw DIR/c.vhdx", "");
    said("compare -f raw -F vhdx DIR/b.raw DIR/c.vhdx", "Images are identical.");
    said("check -f vhdx DIR/c.vhdx", "No errors were found on the image.");
    ToolRun larger = ToolRun.ours(ours, "resize -f vhdx DIR/c.vhdx 8M");
    assertThat(larger.code()).isEqualTo(1);
    assertThat(larger.err()).contains("does not support resize");
    said("commit -f vhdx DIR/c.vhdx", "Image committed.");
    said("compare -f raw -F vhdx DIR/b.raw DIR/p.vhdx", "Images are identical.");
    said("compare -f raw -F vhdx DIR/b.raw DIR/c.vhdx", "Images are identical.");
    Files.move(ours.resolve("p.vhdx"), ours.resolve("q.vhdx"));
    assertThat(ToolRun.ours(ours, "info DIR/c.vhdx").code()).isZero();
    assertThat(ToolRun.ours(ours, "map DIR/c.vhdx").err()).contains("p.vhdx");
    said("rebase -u -f vhdx -b q.vhdx -F vhdx DIR/c.vhdx", "");
    said("compare -f raw -F vhdx DIR/b.raw DIR/c.vhdx", "Images are identical.");
    said("convert -f raw -O vhdx DIR/a.raw DIR/r.vhdx", "");
    said("rebase -f vhdx -b r.vhdx -F vhdx DIR/c.vhdx", "");
    said("compare -f raw -F vhdx DIR/b.raw DIR/c.vhdx", "Images are identical.");
    said("create -f vhdx -b c.vhdx -F vhdx DIR/d.vhdx", "");
    said("convert -n -f raw -O vhdx DIR/a.raw DIR/d.vhdx", "");
    said("commit -d -f vhdx DIR/d.vhdx", "Image committed.");
    said("compare -f raw -F vhdx DIR/a.raw DIR/d.vhdx", "Images are identical.");
    said("convert -n -f raw -O vhdx DIR/b.raw DIR/d.vhdx", "");
    said("commit -b r.vhdx -f vhdx DIR/d.vhdx", "Image committed.");
    said("compare -f raw -F vhdx DIR/b.raw DIR/r.vhdx", "Images are identical.");
    said("compare -f raw -F vhdx DIR/b.raw DIR/d.vhdx", "Images are identical.");
  }

  /**
   * Such images cannot be emptied, as QEMU's cannot: they have been committed all the same, and go
   * on to know what is behind them.
   */
  @ParameterizedTest
  @ValueSource(strings = {"qed", "vmdk"})
  void commitsWhatCannotBeEmptied(String format) throws Exception {
    byte[] content = Files.readAllBytes(ours.resolve("a.raw"));
    java.util.Arrays.fill(content, 2_000_000, 2_500_000, (byte) 9);
    Files.write(ours.resolve("b.raw"), content);
    String p = "DIR/p." + format;
    String c = "DIR/c." + format;
    said("convert -f raw -O " + format + " DIR/a.raw " + p, "");
    said("create -f %s -b p.%s -F %s %s".formatted(format, format, format, c), "Formatting");
    said("convert -n -f raw -O " + format + " DIR/b.raw " + c, "");
    said("commit -f " + format + " " + c, "Image committed.");
    said("compare -f raw -F " + format + " DIR/b.raw " + p, "Images are identical.");
    said("compare -f raw -F " + format + " DIR/b.raw " + c, "Images are identical.");
    assertThat(ToolRun.theirs(ours, "qemu-img", "compare -f raw -F " + format + " DIR/b.raw " + c))
        .extracting(ToolRun::out)
        .isEqualTo("Images are identical.\n");
  }

  private void said(String words, String... what) {
    ToolRun run = ToolRun.ours(ours, words);
    assertThat(run.err()).as(words).isEmpty();
    assertThat(run.code()).as(words).isZero();
    assertThat(run.out()).as(words).contains(what);
  }

  /** Our images are read by them, and theirs by us. */
  @ParameterizedTest
  @CsvSource({
    "vdi,static=off",
    "vdi,static=on",
    "vpc,subformat=dynamic",
    "vpc,subformat=fixed",
    "vmdk,subformat=monolithicSparse",
    "vmdk,subformat=monolithicFlat",
    "vmdk,subformat=twoGbMaxExtentSparse",
    "vmdk,subformat=twoGbMaxExtentFlat",
    "vmdk,subformat=streamOptimized",
    "vmdk,zeroed_grain=on",
    "qed,cluster_size=4k",
    "qcow,size=5M",
    "vhdx,block_size=2M",
    "parallels,cluster_size=64k",
    "vhdx,subformat=fixed"
  })
  void convertsToAndFrom(String format, String options) {
    String words = "convert -f raw -O " + format + " -o " + options + " DIR/a.raw DIR/t";
    ToolRun run = ToolRun.ours(ours, words);
    assertThat(run).isEqualTo(new ToolRun("", "", 0));
    assertThat(ToolRun.theirs(theirs, "qemu-img", words).code()).isZero();
    for (Path side : List.of(ours, theirs)) {
      String compare = "compare -f raw -F " + format + " DIR/a.raw DIR/t";
      ToolRun read =
          side.equals(ours)
              ? ToolRun.theirs(side, "qemu-img", compare)
              : ToolRun.ours(side, compare);
      assertThat(read.out()).as(read.err()).contains("Images are identical.");
    }
    assertThat(ToolRun.ours(theirs, "convert -f " + format + " -O raw DIR/t DIR/b.raw").code())
        .isZero();
  }
}
