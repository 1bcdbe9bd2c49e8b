package dev.kasuari.block.testing;

import static org.assertj.core.api.Assertions.assertThat;

import dev.kasuari.block.Access;
import dev.kasuari.block.BlockNode;
import dev.kasuari.block.CheckResult;
import dev.kasuari.block.ImageNode;
import dev.kasuari.block.Preallocation;
import dev.kasuari.qapi.Json;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.function.BiFunction;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.DynamicTest;

/**
 * Random changes to one image, by us and by QEMU in turns, with random options: both read what was
 * written, find nothing wrong, and say the same of the image. A seed tells options and changes;
 * {@code -Dkasuari.block.seeds=N} runs more of them, {@code -Dkasuari.block.seed=S} begins
 * elsewhere. What a format can is what its subclass says.
 */
public abstract class ImageMatrix {
  protected final Random random;
  protected final String format;
  protected final Path folder;
  protected final List<String> options = new ArrayList<>();
  private final Path image;
  private final int seed;
  private final Map<String, byte[]> snapshots = new LinkedHashMap<>();
  private @Nullable Path backing;

  /** QEMU leaves what is behind the end in the last cluster, and shows it again when it grows. */
  private boolean theyShrank;

  protected byte[] disk = new byte[0];

  protected ImageMatrix(String format, Path folder, int seed) {
    this.format = format;
    this.folder = folder;
    this.seed = seed;
    random = new Random(seed);
    image = folder.resolve("seed" + seed + "." + format);
  }

  /** A test for each seed. */
  public static Stream<DynamicTest> seeds(
      int usually, Path folder, BiFunction<Path, Integer, ImageMatrix> matrix) {
    int count = Integer.getInteger("kasuari.block.seeds", usually);
    int first = Integer.getInteger("kasuari.block.seed", 1);
    return IntStream.range(first, first + count)
        .mapToObj(seed ->
            DynamicTest.dynamicTest("seed " + seed, () -> matrix.apply(folder, seed).all()));
  }

  /** Fills {@link #options}, and returns the size of the disk in sectors. */
  protected abstract int choose();

  /** The format that a file behind the image has, or null if there is none this time. */
  protected @Nullable String backingFormat() {
    return null;
  }

  /** The unit in which the image has room, bytes. */
  protected abstract int unit();

  /** The sizes that a disk may be given, sectors; 0 if it cannot. */
  protected int otherSize() {
    return 0;
  }

  /** True if QEMU makes disks larger, too. */
  protected boolean theyGrow() {
    return true;
  }

  /** True if either may make bytes zero. */
  protected boolean zeroes() {
    return true;
  }

  /** True if a disk may become smaller. */
  protected boolean shrinks() {
    return true;
  }

  /** What is discarded in whole units reads as zero. */
  protected boolean discards() {
    return false;
  }

  protected boolean compresses() {
    return false;
  }

  protected boolean hasSnapshots() {
    return false;
  }

  /** True if a snapshot keeps the size of the disk. */
  protected boolean snapshotsKeepSize() {
    return true;
  }

  protected boolean hasChecks() {
    return true;
  }

  /** Whether offsets of {@code map} are compared. */
  protected boolean mapsOffsets() {
    return true;
  }

  /** True if QEMU says in {@code map} what is there. */
  protected boolean hasMap() {
    return true;
  }

  protected final boolean hasBacking() {
    return backing != null;
  }

  private void begin() throws IOException {
    disk = new byte[512 * choose()];
    String behind = backingFormat();
    backing = behind == null ? null : makeBacking(behind);
    create();
    disk = Arrays.copyOf(disk, made(disk.length));
  }

  /** The size that the format makes of a size, bytes. */
  protected int made(int size) {
    return size;
  }

  private Path makeBacking(String behind) throws IOException {
    byte[] content = new byte[backingSectors() * 512];
    random.nextBytes(content);
    Path raw = Files.write(folder.resolve("base" + seed + ".raw"), content);
    System.arraycopy(content, 0, disk, 0, Math.min(content.length, disk.length));
    if (behind.equals("raw")) {
      return raw;
    }
    Path made = folder.resolve("base" + seed + "." + behind);
    Peer.img("convert", "-f", "raw", "-O", behind, raw.toString(), made.toString());
    return made;
  }

  /** The size of the file behind the image. */
  protected int backingSectors() {
    return 1 + random.nextInt(4096);
  }

  private void create() throws IOException {
    if (random.nextBoolean()) {
      var words = new ArrayList<>(List.of("create", "-q", "-f", format));
      if (!options.isEmpty()) {
        words.addAll(List.of("-o", String.join(",", options)));
      }
      if (backing != null) {
        words.addAll(List.of("-b", backing.toString(), "-F", String.valueOf(backingFormat())));
      }
      words.addAll(List.of(image.toString(), Integer.toString(disk.length)));
      Peer.img(words.toArray(String[]::new));
      return;
    }
    var ours = new ArrayList<>(options);
    if (backing != null) {
      ours.add("backing_file=" + backing);
      ours.add("backing_fmt=" + backingFormat());
    }
    TestImages.create(format, image, disk.length, String.join(",", ours));
  }

  final void all() throws IOException {
    try {
      begin();
      compare();
      for (int i = 0; i < 6; i++) {
        if (random.nextInt(3) == 0) {
          theirChanges();
        } else {
          ourChanges();
        }
        compare();
        if (otherSize() > 0 && random.nextInt(3) == 0) {
          changeSize();
          compare();
        }
        if (hasSnapshots() && random.nextInt(2) == 0) {
          changeSnapshots();
          compare();
        }
      }
    } catch (Throwable e) {
      throw new AssertionError(format + " " + options + " backing " + backing, e);
    } finally {
      if (!Boolean.getBoolean("kasuari.block.keep")) {
        Files.deleteIfExists(image);
      }
    }
  }

  private long[] range() {
    int sectors = disk.length / 512;
    int start = random.nextInt(sectors);
    int most = Math.min(sectors - start, 1 << random.nextInt(12));
    int length = 1 + random.nextInt(most);
    if (random.nextInt(3) == 0) { // whole clusters
      int unit = Math.max(1, unit() / 512);
      start -= start % unit;
      length = Math.min(sectors - start, (length + unit - 1) / unit * unit);
    }
    return new long[] {start * 512L, length * 512L};
  }

  private void fill(long[] range, int value) {
    Arrays.fill(disk, (int) range[0], (int) (range[0] + range[1]), (byte) value);
  }

  private boolean whole(long[] range) {
    return range[0] % unit() == 0 && range[1] % unit() == 0;
  }

  private void theirChanges() {
    var commands = new ArrayList<String>();
    for (int i = random.nextInt(20); i >= 0; i--) {
      long[] range = range();
      int value = 1 + random.nextInt(255);
      String where = " " + range[0] + " " + range[1];
      switch (zeroes() ? random.nextInt(discards() ? 5 : 4) : 1) {
        case 0 -> {
          commands.add("write -z" + (random.nextBoolean() ? " -u" : "") + where);
          fill(range, 0);
        }
        case 4 -> {
          if (whole(range)) {
            commands.add("discard" + where);
            fill(range, 0);
          }
        }
        default -> {
          commands.add("write -P " + value + where);
          fill(range, value);
        }
      }
    }
    if (!commands.isEmpty()) {
      Peer.io(format, image, commands);
    }
  }

  private void ourChanges() {
    TestImages.with(
        format,
        image,
        Access.write().withUnmap(true),
        node -> {
          for (int i = random.nextInt(40); i >= 0; i--) {
            ourChange(node);
          }
        });
  }

  private void ourChange(BlockNode node) {
    long[] range = range();
    int value = 1 + random.nextInt(255);
    switch (zeroes() ? random.nextInt(8) : 4 + random.nextInt(4)) {
      case 0 -> {
        node.writeZeroes(range[0], range[1], random.nextBoolean());
        fill(range, 0);
      }
      case 1 -> node.flush();
      case 2 -> {
        if (whole(range) && discards()) {
          node.discard(range[0], range[1]);
          fill(range, 0);
        }
      }
      case 3 -> {
        if (compresses()) {
          compressed((ImageNode) node, range[0], value);
        }
      }
      case 4 ->
          assertThat(TestImages.read(node, range[0], range[1]))
              .isEqualTo(Arrays.copyOfRange(disk, (int) range[0], (int) (range[0] + range[1])));
      default -> {
        fill(range, value);
        TestImages.write(node, range[0], disk, (int) range[0], (int) range[1]);
      }
    }
  }

  private void compressed(ImageNode node, long at, int value) {
    long start = at / unit() * unit();
    int length = (int) Math.min(disk.length - start, unit());
    for (int i = 0; i < length; i++) {
      disk[(int) start + i] = (byte) (value + i / 100);
    }
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment bytes = arena.allocate(length);
      MemorySegment.copy(disk, (int) start, bytes, ValueLayout.JAVA_BYTE, 0, length);
      node.writeCompressed(start, bytes);
    }
  }

  private void changeSize() {
    if (!snapshotsKeepSize() && !snapshots.isEmpty()) {
      return;
    }
    int size = 512 * otherSize();
    if (size < disk.length && !shrinks()) {
      return;
    }
    boolean larger = size >= disk.length;
    if (random.nextBoolean() && (!larger || (theyGrow() && !theyShrank))) {
      theyShrank |= !larger;
      Peer.img("resize", "-q", "-f", format, "--shrink", image.toString(), Integer.toString(size));
    } else {
      TestImages.with(
          format,
          image,
          Access.write().withUnmap(true),
          node -> node.truncate(size, Preallocation.OFF));
    }
    disk = Arrays.copyOf(disk, size);
  }

  private void changeSnapshots() {
    boolean theirs = random.nextBoolean();
    if (snapshots.isEmpty() || (random.nextBoolean() && snapshots.size() < 3)) {
      String name = "s" + random.nextInt(1 << 20);
      snapshot(theirs, "-c", name);
      snapshots.put(name, disk.clone());
      return;
    }
    String name = List.copyOf(snapshots.keySet()).get(random.nextInt(snapshots.size()));
    byte[] then = snapshots.get(name);
    if (random.nextBoolean()
        && then != null
        && (snapshotsKeepSize() || then.length == disk.length)) {
      snapshot(theirs, "-a", name);
      disk = then.clone();
    } else {
      snapshot(theirs, "-d", name);
      snapshots.remove(name);
    }
  }

  private void snapshot(boolean theirs, String what, String name) {
    if (theirs) {
      Peer.img("snapshot", what, name, image.toString());
      return;
    }
    TestImages.with(
        format,
        image,
        Access.write(),
        node -> {
          ImageNode images = (ImageNode) node;
          switch (what) {
            case "-c" -> images.createSnapshot(name, 1_700_000_000L, 5);
            case "-a" -> images.applySnapshot(name);
            default -> images.deleteSnapshot(name);
          }
        });
  }

  private void compare() throws IOException {
    if (hasChecks()) {
      Peer.img("check", "-q", "-f", format, image.toString());
    }
    TestImages.with(
        format,
        image,
        Access.read(),
        node -> {
          assertThat(node.size()).isEqualTo(disk.length);
          assertThat(TestImages.firstDifference(node, disk)).isEqualTo(-1);
          if (hasChecks()) {
            check((ImageNode) node);
          }
          compareInfo(node, (ImageNode) node);
          if (hasMap()) {
            assertThat(map(node)).isEqualTo(theirMap());
          }
        });
    Path raw = folder.resolve("raw");
    Peer.img("convert", "-f", format, "-O", "raw", image.toString(), raw.toString());
    assertThat(Files.mismatch(raw, Files.write(folder.resolve("model"), disk))).isEqualTo(-1);
    others(image);
  }

  private static void check(ImageNode node) {
    var lines = new ArrayList<String>();
    CheckResult result = node.check(CheckResult.Repair.NONE, lines::add);
    assertThat(lines).isEmpty();
    assertThat(result.corruptions() + result.leaks()).isZero();
  }

  /** Looks at the image with other programs that know the format. */
  protected void others(Path file) {}

  /** Facts that they tell otherwise than we, by their names. */
  protected List<String> otherFacts() {
    return List.of();
  }

  private void compareInfo(BlockNode node, ImageNode said) {
    String json = Peer.img("info", "--output=json", "-f", format, image.toString());
    var theirs = new LinkedHashMap<>(((Json.Members) Json.parse(json)).members());
    ImageNode.Facts facts = said.facts();
    var ours = new LinkedHashMap<String, Json>();
    ours.put("virtual-size", Json.Num.of(node.size()));
    if (facts.clusterSize() > 0) {
      ours.put("cluster-size", Json.Num.of(facts.clusterSize()));
    }
    ours.put("dirty-flag", new Json.Bool(facts.dirty()));
    if (facts.backingFile() != null) {
      ours.put("backing-filename", new Json.Text(facts.backingFile()));
    }
    if (facts.backingFormat() != null) {
      ours.put("backing-filename-format", new Json.Text(facts.backingFormat()));
    }
    Json specific = null;
    if (theirs.get("format-specific") instanceof Json.Members members) {
      specific = members.members().get("data");
    }
    assertThat(facts.specific())
        .isEqualTo(specific == null ? new Json.Members(Map.of()) : specific);
    theirs
        .keySet()
        .removeAll(
            List.of(
                "filename",
                "format",
                "actual-size",
                "format-specific",
                "full-backing-filename",
                "snapshots"));
    theirs.keySet().removeAll(otherFacts());
    ours.keySet().removeAll(otherFacts());
    assertThat(ours).isEqualTo(theirs);
  }

  /** Of our image alone, without what is behind it. */
  private List<String> map(BlockNode node) {
    var out = new ArrayList<String>();
    for (long at = 0; at < node.size(); ) {
      var status = node.status(at, node.size() - at);
      boolean zero = status.zero() && !status.data();
      String line = "%s %s %s".formatted(status.allocated(), status.data(), zero);
      if (status.data() && status.offset() >= 0 && mapsOffsets()) {
        line += " " + (status.offset() - at);
      }
      TestImages.addRun(out, at, status.length(), line);
      at += status.length();
    }
    return out;
  }

  private List<String> theirMap() {
    var out = new ArrayList<String>();
    String json = Peer.img("map", "--output=json", "-f", format, image.toString());
    for (Json item : ((Json.Array) Json.parse(json)).items()) {
      Map<String, Json> run = ((Json.Members) item).members();
      boolean here = TestImages.number(run, "depth") == 0 && TestImages.bool(run, "present");
      boolean data = here && TestImages.bool(run, "data");
      // Of data, QEMU may say that it is in a hole of the file.
      boolean zero = here && !data && TestImages.bool(run, "zero");
      String line = "%s %s %s".formatted(here, data, zero);
      long start = TestImages.number(run, "start");
      if (data && run.containsKey("offset") && mapsOffsets()) {
        line += " " + (TestImages.number(run, "offset") - start);
      }
      TestImages.addRun(out, start, TestImages.number(run, "length"), line);
    }
    return out;
  }
}
