package dev.kasuari.block.vhdx;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.kasuari.block.Access;
import dev.kasuari.block.BlockException;
import dev.kasuari.block.BlockNode;
import dev.kasuari.block.CheckResult;
import dev.kasuari.block.ImageNode;
import dev.kasuari.block.testing.CrashRun;
import dev.kasuari.block.testing.DifferencingImages;
import dev.kasuari.block.testing.Peer;
import dev.kasuari.block.testing.TestImages;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** VHDX with another behind it: by us, by libvhdi, with power cuts, and damaged. */
class DifferencingVhdxTest {
  private static final int MEBIBYTE = 1 << 20;

  @TempDir Path folder;

  @TestFactory
  @Tag("fast")
  Stream<DynamicTest> whatWasFlushedIsThere() {
    return CrashRun.seeds(
        3,
        seed ->
            new DifferencingImages.Crashes(
                "vhdx", folder, "block_size=2M", ",block_size=1M", seed));
  }

  @ParameterizedTest
  @Tag("fast")
  @ValueSource(ints = {1, 2})
  void writesAtAnyOffset(int seed) throws Exception {
    var random = new Random(seed);
    var images = images(",block_size=" + (1 << random.nextInt(4)) + "M", seed);
    images.change(random);
    assertThat(problems(images.child)).isEmpty();
  }

  @Test
  @Tag("guest")
  void libvhdiReadsBothImages() throws Exception {
    var images = images("", 11);
    images.changeAligned(new Random(11));
    Peer.Result said = Peer.run(List.of("/usr/bin/vhdiinfo", images.child.toString()));
    assertThat(said.output()).containsPattern("Disk type\\s*: Differential");
    assertThat(said.output()).contains(images.parent.toString().replace('/', '\\'));
    images.libvhdiReadsTheSame();
  }

  private DifferencingImages images(String childOptions, int seed) throws Exception {
    return new DifferencingImages(
        "vhdx", folder, 8 * MEBIBYTE + 512 * seed, "block_size=1M", childOptions, seed);
  }

  /**
   * Whole blocks of zeroes take no room, and what is written into them later stays among zeroes.
   */
  @Test
  @Tag("fast")
  void saysThatWholeBlocksAreZero() throws Exception {
    var images = images(",block_size=1M", 5);
    long before = Files.size(images.child);
    Arrays.fill(images.disk, MEBIBYTE, 4 * MEBIBYTE, (byte) 0);
    write(images, n -> n.writeZeroes(MEBIBYTE, 3L * MEBIBYTE, true));
    assertThat(Files.size(images.child)).isEqualTo(before);
    images.childHasDisk();
    Arrays.fill(images.disk, 2 * MEBIBYTE + 700, 2 * MEBIBYTE + 900, (byte) 9);
    write(
        images, n -> TestImages.write(n, 2 * MEBIBYTE + 700, images.disk, 2 * MEBIBYTE + 700, 200));
    assertThat(Files.size(images.child)).isEqualTo(before + MEBIBYTE); // no bitmap
    images.childHasDisk();
    assertThat(problems(images.child)).isEmpty();
  }

  /** Any change to what is behind shows: its DataWriteGuid is another. */
  @Test
  @Tag("fast")
  void refusesAParentThatHasChanged() throws Exception {
    var images = images("", 6);
    TestImages.with("vhdx", images.parent, Access.write(), n -> {});
    images.childHasDisk();
    TestImages.with(
        "vhdx",
        images.parent,
        Access.write(),
        n -> TestImages.write(n, 512, images.disk, 512, 512)); // in place, no table changes
    assertThatThrownBy(images::childHasDisk)
        .isInstanceOf(BlockException.class)
        .hasMessageContaining("parent.vhdx', is not the one that it was made for, or was changed");
    TestImages.with(
        "vhdx",
        images.child,
        Access.write().withBacking(false),
        n -> ((ImageNode) n).changeBacking("parent.vhdx", "vhdx"));
    images.childHasDisk();
    assertThat(problems(images.child)).isEmpty();
  }

  @Test
  @Tag("fast")
  void namesAnotherParent() throws Exception {
    var images = images("", 8);
    Path elsewhere = Files.createDirectory(folder.resolve("elsewhere"));
    Files.move(images.parent, elsewhere.resolve("p.vhdx"));
    TestImages.with(
        "vhdx",
        images.child,
        Access.write().withBacking(false),
        n -> {
          var image = (ImageNode) n;
          assertThatThrownBy(() -> image.changeBacking(null, null))
              .hasMessageContaining("behind a differencing image is a VHDX");
          assertThatThrownBy(() -> image.changeBacking("elsewhere/p.vhdx", "raw"))
              .hasMessageContaining("behind a differencing image is a VHDX");
          image.changeBacking("elsewhere/p.vhdx", null);
          assertThat(image.facts().backingFile()).isEqualTo("elsewhere/p.vhdx");
        });
    images.childHasDisk();
  }

  @Test
  @Tag("fast")
  void becomesEmpty() throws Exception {
    var images = images(",block_size=1M", 9);
    long before = Files.size(images.child);
    byte[] start = images.disk.clone();
    images.changeAligned(new Random(9));
    TestImages.with(
        "vhdx",
        images.child,
        Access.write(),
        n -> {
          ((ImageNode) n).makeEmpty();
          assertThat(TestImages.firstDifference(n, start)).isEqualTo(-1);
          TestImages.write(n, 5 << 20, images.disk, 5 << 20, 5000);
        });
    System.arraycopy(images.disk, 5 << 20, start, 5 << 20, 5000);
    System.arraycopy(start, 0, images.disk, 0, start.length);
    images.childHasDisk();
    assertThat(Files.size(images.child)).isEqualTo(before + 2 * MEBIBYTE);
    assertThat(problems(images.child)).isEmpty();
  }

  /** By map, 512 bytes are here, the rest is behind. */
  @Test
  @Tag("fast")
  void saysWhatIsHere() throws Exception {
    var images = images(",block_size=1M", 10);
    write(images, n -> TestImages.write(n, 3 * MEBIBYTE + 1024, images.disk, 0, 512));
    var runs = new ArrayList<String>();
    TestImages.with(
        "vhdx",
        images.child,
        Access.read(),
        n -> {
          for (long at = 0; at < n.size(); ) {
            var status = n.status(at, n.size() - at);
            TestImages.addRun(runs, at, status.length(), Boolean.toString(status.allocated()));
            at += status.length();
          }
        });
    assertThat(runs)
        .containsExactly("0 3146752: false", "3146752 512: true", "3147264 5246464: false");
  }

  @ParameterizedTest
  @Tag("fast")
  @CsvSource({
    "'backing_file=parent.vhdx,backing_fmt=vhdx,subformat=fixed', 5, fixed image has nothing",
    "'backing_file=parent.vhdx,backing_fmt=vhdx,block_state_zero=on', 5, would hide",
    "'backing_file=parent.vhdx,backing_fmt=vhdx', 4, has the size of the one behind it",
    "'backing_file=parent.vhdx,backing_fmt=raw', 5, is a VHDX",
    "'backing_file=none.vhdx,backing_fmt=vhdx', 5, No such file",
    "'backing_file=http://x/y,backing_fmt=vhdx', 5, are files of the host",
    "'backing_file=a\\b.vhdx,backing_fmt=vhdx', 5, cannot say",
  })
  void refusesParents(String options, int mebibytes, String complaint) throws Exception {
    TestImages.create("vhdx", folder.resolve("parent.vhdx"), 5 << 20, "");
    long size = (long) mebibytes << 20;
    assertThatThrownBy(() -> TestImages.create("vhdx", folder.resolve("child.vhdx"), size, options))
        .isInstanceOf(BlockException.class)
        .hasMessageContaining(complaint);
  }

  /** What is wrong is named; a bit of a log that was replayed is right. */
  @Test
  @Tag("fast")
  void findsBlocksWithoutABitmap() throws Exception {
    var images = images(",block_size=1M", 12);
    write(images, n -> TestImages.write(n, 512, images.disk, 0, 512));
    byte[] whole = Files.readAllBytes(images.child);
    ByteBuffer image = ByteBuffer.wrap(whole).order(ByteOrder.LITTLE_ENDIAN);
    int table = (int) image.getLong((192 << 10) + 32);
    int bitmap = table + 4096 * 8;
    assertThat(image.getLong(table) & 7).isEqualTo(BlockTable.PARTIAL);
    long place = image.getLong(bitmap);
    image.putLong(bitmap, 0);
    Files.write(images.child, whole);
    assertThat(problems(images.child))
        .containsExactly("ERROR: block 0 is partially there, and has no bitmap");
    assertThatThrownBy(images::childHasDisk).hasMessageContaining("bitmap of block 0 is missing");
    image.putLong(bitmap, place).putLong(table + 8, image.getLong(table));
    Files.write(images.child, whole);
    assertThat(problems(images.child).getFirst()).contains("block 1 is where another one is");
    image.putLong(table + 8, 5);
    Files.write(images.child, whole);
    assertThat(problems(images.child)).containsExactly("ERROR: block 1 has the unknown state 5");
  }

  /** Where Windows says no relative path, a file of the same name beside the image is meant. */
  @Test
  @Tag("fast")
  void readsLocators() {
    byte[] id = new byte[16];
    new Random(1).nextBytes(id);
    ByteBuffer said = locator("absolute_win32_path", "C:\\disks\\one.vhdx");
    assertThat(ParentLocator.read(said).name()).isEqualTo("one.vhdx");
    said = locator("relative_path", "..\\two\\b.vhdx");
    assertThat(ParentLocator.read(said).name()).isEqualTo("../two/b.vhdx");
    assertThat(ParentLocator.read(said).isFor(id)).isFalse();
    ByteBuffer none = locator("other", "x");
    assertThatThrownBy(() -> ParentLocator.read(none).name())
        .hasMessageContaining("without a path");
    for (int at : List.of(20, 24)) {
      ByteBuffer wrong = locator("relative_path", "x").putInt(at, 4000);
      assertThatThrownBy(() -> ParentLocator.read(wrong)).hasMessageContaining("behind its end");
    }
    ByteBuffer many = locator("relative_path", "x").putShort(18, (short) -1);
    assertThatThrownBy(() -> ParentLocator.read(many)).hasMessageContaining("65535 entries");
  }

  private static ByteBuffer locator(String key, String value) {
    var entries = new java.util.LinkedHashMap<String, String>();
    entries.put("parent_linkage", "{83ed0ec2-24c8-49a6-a959-5e4bd1288791}");
    entries.put(key, value);
    return ByteBuffer.wrap(new ParentLocator(entries).bytes()).order(ByteOrder.LITTLE_ENDIAN);
  }

  @Test
  @Tag("fast")
  void writesLinkageAsWindowsDoes() throws Exception {
    var images = images("", 13);
    ByteBuffer parent =
        ByteBuffer.wrap(Files.readAllBytes(images.parent)).order(ByteOrder.LITTLE_ENDIAN);
    int header = parent.getLong((64 << 10) + 8) > parent.getLong((128 << 10) + 8) ? 64 : 128;
    String first = "{%08x-".formatted(parent.getInt((header << 10) + 32));
    String child = Files.readString(images.child, StandardCharsets.ISO_8859_1);
    byte[] bytes = first.getBytes(StandardCharsets.UTF_16LE);
    assertThat(child).contains(new String(bytes, StandardCharsets.ISO_8859_1));
  }

  private static void write(DifferencingImages images, Consumer<BlockNode> work) {
    TestImages.with("vhdx", images.child, Access.write(), work);
  }

  private static List<String> problems(Path image) {
    var lines = new ArrayList<String>();
    TestImages.with(
        "vhdx",
        image,
        Access.read().withBacking(false),
        n -> {
          CheckResult result = ((ImageNode) n).check(CheckResult.Repair.NONE, lines::add);
          assertThat(result.corruptions()).isEqualTo(lines.size());
        });
    return lines;
  }
}
