package dev.kasuari.block.fuzz;

import dev.kasuari.block.Access;
import dev.kasuari.block.BlockGraph;
import dev.kasuari.block.BlockNode;
import dev.kasuari.block.Child;
import dev.kasuari.block.ImageNode;
import dev.kasuari.block.packed.PackedImages;
import dev.kasuari.block.packed.PackedImages.Tables;
import dev.kasuari.block.testing.RecordingNode;
import dev.kasuari.block.testing.TestImages;
import dev.kasuari.qapi.OptionSource;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;

/** Small images with some of everything, for others to damage. */
final class GoodImages {
  /** The password of those that have one. */
  private static final String SECRET = "id=fuzz,data=fuzz";

  private static final int SIZE = 3 << 20;
  private static final List<String> READ_ONLY = List.of("bochs", "cloop", "dmg");

  private GoodImages() {}

  /** A graph that knows the password. */
  static BlockGraph graph() {
    var graph = new BlockGraph();
    graph.secrets().add(OptionSource.of("", SECRET, ""));
    return graph;
  }

  /** What opens an image of that format. */
  static OptionSource opens(String format) {
    String secret = format.equals("luks") ? ",key-secret=fuzz" : "";
    return OptionSource.of("", "driver=" + format + secret, "");
  }

  /** One image of a format, with data that nothing compresses. */
  static byte[] of(String format) {
    if (READ_ONLY.contains(format)) {
      return kinds(format).getFirst();
    }
    return image(format, variants(format).getFirst(), 98_304);
  }

  /** Images of a format of all kinds, with little data. */
  static List<byte[]> kinds(String format) {
    var all = new ArrayList<byte[]>();
    if (READ_ONLY.contains(format)) {
      for (int seed = 1; seed <= 3; seed++) {
        all.add(packed(format, new Random(seed)));
      }
      return all;
    }
    for (String options : variants(format)) {
      all.add(image(format, options, 40));
    }
    if (format.equals("vpc")) {
      all.add(differencing(all.getFirst().clone()));
    } else if (format.equals("vhdx")) {
      all.add(differencingVhdx());
    }
    return all;
  }

  /** A dynamic VHD as one that differs from another, as nobody here makes them. */
  private static byte[] differencing(byte[] image) {
    int type = 60 + 3;
    image[type] = 4;
    image[image.length - 512 + type] = 4;
    Checksums.seal("vpc", image);
    return image;
  }

  /** With blocks that are there in part. */
  private static byte[] differencingVhdx() {
    try {
      Path folder = Files.createTempDirectory("kasuari");
      Path parent = folder.resolve("parent");
      Path child = folder.resolve("child");
      TestImages.create("vhdx", parent, SIZE, "block_size=1M");
      String options = "backing_file=parent,backing_fmt=vhdx,block_size=1M";
      TestImages.create("vhdx", child, SIZE, options);
      TestImages.with("vhdx", child, Access.write(), node -> fill(node, options, 40));
      byte[] image = Files.readAllBytes(child);
      Files.delete(child);
      Files.delete(parent);
      Files.delete(folder);
      return image;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static byte[] packed(String format, Random random) {
    byte[] disk = new byte[48 * 1024];
    java.util.Arrays.fill(disk, 5000, 9000, (byte) 'x');
    disk[40_000] = 1;
    return switch (format) {
      case "bochs" -> PackedImages.bochs(disk, 1 + random.nextInt(2), 4096, random);
      case "cloop" -> PackedImages.cloop(disk, 4096);
      default -> {
        Tables where = random.nextBoolean() ? Tables.LIST : Tables.RESOURCES;
        var parts = PackedImages.parts(disk, random, PackedImages::bzip2);
        yield PackedImages.dmg(parts, disk.length / 512, where);
      }
    };
  }

  private static List<String> variants(String format) {
    return switch (format) {
      case "qcow2" ->
          List.of(
              "",
              "cluster_size=512,refcount_bits=1",
              "compat=0.10,cluster_size=4k",
              "lazy_refcounts=on,extended_l2=on,cluster_size=16k,compression_type=zstd");
      case "vdi" -> List.of("", "static=on");
      case "vhdx" -> List.of("block_size=1M", "subformat=fixed,block_size=1M");
      case "vpc" -> List.of("force_size=on", "subformat=fixed,force_size=on");
      case "vmdk" ->
          List.of("zeroed_grain=on", "subformat=streamOptimized", "subformat=monolithicSparse");
      case "qed" -> List.of("", "cluster_size=4k,table_size=1");
      case "parallels" -> List.of("", "cluster_size=64k");
      case "luks" ->
          List.of(
              "key-secret=fuzz,iter-time=1,cipher-alg=aes-128,cipher-mode=cbc",
              "key-secret=fuzz,iter-time=1,cipher-alg=aes-128,hash-alg=sha1");
      default -> List.of("");
    };
  }

  private static byte[] image(String format, String options, int bytes) {
    var file = new RecordingNode(new byte[0]);
    var graph = graph();
    TestImages.create(format, graph, file, SIZE, options);
    Access access = Access.write();
    BlockNode node = graph.open(opens(format), access, Map.of("file", file));
    Child use = graph.use("test", node, BlockGraph.takenBy(access), BlockGraph.sharedBy(access));
    fill(node, options, bytes);
    graph.release(use);
    return file.content();
  }

  private static void fill(BlockNode node, String options, int bytes) {
    byte[] some = new byte[98_304];
    new Random(5).nextBytes(some);
    if (options.contains("streamOptimized")) { // only whole grains, each once
      TestImages.write(node, 0, new byte[65536], 0, 65536);
      return;
    }
    TestImages.write(node, 4096, some, 0, Math.min(bytes, 20_480));
    TestImages.write(node, 1 << 20, some, 0, bytes);
    if (node.driver().equals("luks")) {
      return; // its zeroes are noise
    }
    node.writeZeroes(2 << 20, 1 << 19, true);
    boolean small = bytes < 1000 && node instanceof ImageNode;
    if (small && ((ImageNode) node).compresses()) {
      compress(node, (ImageNode) node);
    }
    if (small && node.driver().equals("qcow2") && !options.contains("refcount_bits=1")) {
      ((ImageNode) node).createSnapshot("s", 1_700_000_000L, 5);
      if (!options.contains("compat=0.10")) {
        var _ = node.addPersistentBitmap("b", 1 << 16);
      }
      TestImages.write(node, 8192, some, 0, bytes);
    }
  }

  private static void compress(BlockNode node, ImageNode image) {
    int cluster = Math.max(512, image.facts().clusterSize());
    long at = (5L << 19) / cluster * cluster;
    try (var arena = java.lang.foreign.Arena.ofConfined()) {
      image.writeCompressed(at, arena.allocate(Math.min(cluster, node.size() - at)).fill((byte) 7));
    }
  }
}
