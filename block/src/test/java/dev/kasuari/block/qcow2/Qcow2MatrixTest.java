package dev.kasuari.block.qcow2;

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
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.io.TempDir;

/**
 * Random changes to one image, by us and by QEMU in turns, with random options: both read what was
 * written, and both find nothing wrong. A seed tells options and changes; {@code
 * -Dkasuari.block.seeds=N} runs more of them, {@code -Dkasuari.block.seed=S} begins elsewhere.
 */
@Tag("guest")
class Qcow2MatrixTest {
  @TempDir Path folder;

  @BeforeAll
  static void peer() {
    Peer.require();
  }

  @TestFactory
  Stream<DynamicTest> bothReadWhatEitherWrites() {
    int count = Integer.getInteger("kasuari.block.seeds", 24);
    int first = Integer.getInteger("kasuari.block.seed", 1);
    return IntStream.range(first, first + count)
        .mapToObj(seed -> DynamicTest.dynamicTest("seed " + seed, () -> new Run(seed).all()));
  }

  /** One seed. */
  private final class Run {
    private final Random random;
    private final Path image;
    private final List<String> options = new ArrayList<>();
    private final Map<String, byte[]> snapshots = new LinkedHashMap<>();
    private final boolean old;
    private final int clusterBits;
    private final @Nullable Path backing;
    private byte[] disk;

    Run(int seed) throws IOException {
      random = new Random(seed);
      image = folder.resolve("seed" + seed + ".qcow2");
      old = random.nextInt(5) == 0;
      boolean extended = !old && random.nextInt(3) == 0;
      clusterBits = extended ? 14 + random.nextInt(4) : 9 + random.nextInt(10);
      int size = 512 * (1 + random.nextInt(4096));
      disk = new byte[size];
      options.add("compat=" + (old ? "0.10" : "1.1"));
      options.add("cluster_size=" + (1 << clusterBits));
      if (extended) {
        options.add("extended_l2=on");
      }
      if (!old) {
        options.add("refcount_bits=" + (1 << random.nextInt(7)));
        if (random.nextInt(3) == 0) {
          options.add("lazy_refcounts=on");
        }
        if (random.nextInt(3) == 0) {
          options.add("compression_type=zstd");
        }
      }
      backing = random.nextBoolean() ? backing(seed) : null;
      create();
    }

    private Path backing(int seed) throws IOException {
      byte[] content = new byte[512 * (1 + random.nextInt(4096))];
      random.nextBytes(content);
      Path path = Files.write(folder.resolve("base" + seed + ".raw"), content);
      System.arraycopy(content, 0, disk, 0, Math.min(content.length, disk.length));
      return path;
    }

    private void create() throws IOException {
      if (random.nextBoolean()) {
        var words = new ArrayList<>(List.of("create", "-q", "-f", "qcow2"));
        words.addAll(List.of("-o", String.join(",", options)));
        if (backing != null) {
          words.addAll(List.of("-b", backing.toString(), "-F", "raw"));
        }
        words.addAll(List.of(image.toString(), Integer.toString(disk.length)));
        Peer.img(words.toArray(String[]::new));
        return;
      }
      var ours = new ArrayList<>(options);
      if (backing != null) {
        ours.add("backing_file=" + backing);
        ours.add("backing_fmt=raw");
      }
      TestImages.create(image, disk.length, String.join(",", ours));
    }

    void all() throws IOException {
      try {
        for (int i = 0; i < 6; i++) {
          if (random.nextInt(3) == 0) {
            theirChanges();
          } else {
            ourChanges();
          }
          compare();
          if (random.nextInt(3) == 0) {
            changeSize();
            compare();
          }
          if (random.nextInt(2) == 0 && widthForSnapshots()) {
            changeSnapshots();
            compare();
          }
        }
      } catch (Throwable e) {
        throw new AssertionError(options + " backing " + backing, e);
      } finally {
        Files.deleteIfExists(image);
      }
    }

    private long[] range() {
      int sectors = disk.length / 512;
      int start = random.nextInt(sectors);
      int most = Math.min(sectors - start, 1 << random.nextInt(12));
      int length = 1 + random.nextInt(most);
      if (random.nextInt(3) == 0) { // whole clusters
        int unit = Math.max(1, 1 << (clusterBits - 9));
        start -= start % unit;
        length = Math.min(sectors - start, (length + unit - 1) / unit * unit);
      }
      return new long[] {start * 512L, length * 512L};
    }

    /** Compressed clusters share a host cluster, and each snapshot counts all of them again. */
    private boolean widthForSnapshots() {
      return List.of(1, 2, 4, 8).stream().noneMatch(w -> options.contains("refcount_bits=" + w));
    }

    private boolean discards() {
      return !old || backing == null;
    }

    private void fill(long[] range, int value) {
      Arrays.fill(disk, (int) range[0], (int) (range[0] + range[1]), (byte) value);
    }

    private void theirChanges() {
      var commands = new ArrayList<String>();
      for (int i = random.nextInt(20); i >= 0; i--) {
        long[] range = range();
        int value = 1 + random.nextInt(255);
        String where = " " + range[0] + " " + range[1];
        switch (random.nextInt(discards() ? 5 : 4)) {
          case 0 -> {
            commands.add("write -z" + (random.nextBoolean() ? " -u" : "") + where);
            fill(range, 0);
          }
          case 4 -> {
            if (((range[0] | range[1]) & ((1 << clusterBits) - 1)) == 0) {
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
        Peer.io(image, commands);
      }
    }

    private void ourChanges() {
      TestImages.with(
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
      switch (random.nextInt(8)) {
        case 0 -> {
          node.writeZeroes(range[0], range[1], random.nextBoolean());
          fill(range, 0);
        }
        case 1 -> node.flush();
        case 2 -> {
          boolean whole = ((range[0] | range[1]) & ((1 << clusterBits) - 1)) == 0;
          if (whole && discards()) {
            node.discard(range[0], range[1]);
            fill(range, 0);
          }
        }
        case 3 -> compressed((ImageNode) node, range[0], value);
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
      long start = at & -(1L << clusterBits);
      int length = (int) Math.min(disk.length - start, 1L << clusterBits);
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
      if (old && !snapshots.isEmpty()) {
        return;
      }
      int size = 512 * (1 + random.nextInt(4096));
      if (random.nextBoolean()) {
        Peer.img(
            "resize", "-q", "-f", "qcow2", "--shrink", image.toString(), Integer.toString(size));
      } else {
        TestImages.with(
            image, Access.write().withUnmap(true), node -> node.truncate(size, Preallocation.OFF));
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
      if (random.nextBoolean() && then != null && (!old || then.length == disk.length)) {
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
      Peer.img("check", "-q", "-f", "qcow2", image.toString());
      TestImages.with(
          image,
          Access.read(),
          node -> {
            assertThat(node.size()).isEqualTo(disk.length);
            assertThat(TestImages.firstDifference(node, disk)).isEqualTo(-1);
            var lines = new ArrayList<String>();
            CheckResult result = ((ImageNode) node).check(CheckResult.Repair.NONE, lines::add);
            assertThat(lines).isEmpty();
            assertThat(result.corruptions() + result.leaks()).isZero();
            assertThat(map(node)).isEqualTo(theirMap());
          });
      Path raw = folder.resolve("raw");
      Peer.img("convert", "-f", "qcow2", "-O", "raw", image.toString(), raw.toString());
      assertThat(Files.mismatch(raw, Files.write(folder.resolve("model"), disk))).isEqualTo(-1);
    }

    /** Of our image alone, without what is behind it. */
    private List<String> map(BlockNode node) {
      var out = new ArrayList<String>();
      for (long at = 0; at < node.size(); ) {
        var status = node.status(at, node.size() - at);
        String line = "%s %s %s".formatted(status.allocated(), status.data(), status.zero());
        if (status.data() && status.offset() >= 0) {
          line += " " + (status.offset() - at);
        }
        TestImages.addRun(out, at, status.length(), line);
        at += status.length();
      }
      return out;
    }

    private List<String> theirMap() {
      var out = new ArrayList<String>();
      String json = Peer.img("map", "--output=json", "-f", "qcow2", image.toString());
      for (Json item : ((Json.Array) Json.parse(json)).items()) {
        Map<String, Json> run = ((Json.Members) item).members();
        boolean here = TestImages.number(run, "depth") == 0 && TestImages.bool(run, "present");
        boolean data = here && TestImages.bool(run, "data");
        // Of data, QEMU may say that it is in a hole of the file.
        boolean zero = here && !data && TestImages.bool(run, "zero");
        String line = "%s %s %s".formatted(here, data, zero);
        long start = TestImages.number(run, "start");
        if (data && run.containsKey("offset")) {
          line += " " + (TestImages.number(run, "offset") - start);
        }
        TestImages.addRun(out, start, TestImages.number(run, "length"), line);
      }
      return out;
    }
  }
}
