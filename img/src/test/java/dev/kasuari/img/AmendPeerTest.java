package dev.kasuari.img;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Images that we amend are what QEMU's would be: the same facts, the same bytes, in order. */
@Tag("guest")
class AmendPeerTest {
  @TempDir Path folder;

  private ToolRun theirs(String words) {
    return ToolRun.theirs(folder, "qemu-img", words);
  }

  private void done(String words) {
    ToolRun run = ToolRun.ours(folder, words);
    assertThat(run.code()).as(words + ": " + run.err()).isZero();
  }

  private void same(ToolRun ours, ToolRun theirs, String words) {
    assertThat(facts(ours.out())).as(words).isEqualTo(facts(theirs.out()));
    assertThat(ours.err()).as(words).isEqualTo(theirs.err());
    assertThat(ours.code()).as(words).isEqualTo(theirs.code());
  }

  private static String facts(String info) {
    return info.replaceAll("disk size: .*\n", "").replace("DIR/b", "DIR/a");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "compat=0.10|compat=1.1",
        "compat=0.10|compat=1.1,lazy_refcounts=on",
        "compat=0.10|lazy_refcounts=on",
        "compat=1.1|compat=0.10",
        "compat=1.1,lazy_refcounts=on|compat=0.10",
        "compat=1.1,refcount_bits=64|compat=0.10",
        "extended_l2=on|compat=0.10",
        "compression_type=zstd|compat=0.10",
        "compression_type=zstd|compat=0.10,size=4M",
        "extended_l2=on|compat=v2",
        "compat=1.1,refcount_bits=64|refcount_bits=16,compat=0.10",
        "cluster_size=512|refcount_bits=1",
        "cluster_size=512|refcount_bits=64",
        "cluster_size=4096,refcount_bits=1|refcount_bits=32",
        "lazy_refcounts=on|lazy_refcounts=off,refcount_bits=8",
        "cluster_size=64k|size=12M",
        "cluster_size=64k|backing_file=base,backing_fmt=raw",
        "cluster_size=64k|refcount_bits=7",
      })
  void anAmendedImageIsWhatQemuMakesOfIt(String line) throws Exception {
    int bar = line.indexOf('|');
    String made = line.substring(0, bar);
    String change = line.substring(bar + 1);
    byte[] bytes = new byte[3 << 20];
    new Random(1).nextBytes(bytes);
    Files.write(folder.resolve("disk"), bytes);
    Files.write(folder.resolve("base"), new byte[1 << 20]);
    done("convert -f raw -O qcow2 -o " + made + " DIR/disk DIR/a");
    Files.copy(folder.resolve("a"), folder.resolve("b"));
    String words = "amend -f qcow2 -o " + change + " DIR/";
    ToolRun ours = ToolRun.ours(folder, words + "a");
    ToolRun theirs = theirs(words + "b");
    assertThat(ours.code()).as(ours.err()).isEqualTo(theirs.code());
    assertThat(ours.err()).isEqualTo(theirs.err());
    same(ToolRun.ours(folder, "info DIR/a"), theirs("info DIR/b"), line);
    assertThat(theirs("check DIR/a").out()).startsWith("No errors were found on the image.");
    assertThat(theirs("compare DIR/a DIR/b").code()).isZero();
  }

  @Test
  void anImageWithADataFileStaysAtItsVersion() {
    done("create -q -f qcow2 -o data_file=DIR/data DIR/a 1M");
    String words = "amend -f qcow2 -o compat=0.10 DIR/a";
    ToolRun ours = ToolRun.ours(folder, words);
    same(ours, theirs(words), words);
    assertThat(ours.code()).isEqualTo(1);
    assertThat(theirs("info DIR/a").out()).contains("compat: 1.1");
  }

  @Test
  void whatZstdHasCompressedKeepsAnImageAtItsVersion() throws Exception {
    Files.writeString(folder.resolve("disk"), "x".repeat(1 << 20));
    done("convert -c -f raw -O qcow2 -o compression_type=zstd DIR/disk DIR/a");
    String words = "amend -f qcow2 -o compat=0.10 DIR/a";
    ToolRun ours = ToolRun.ours(folder, words);
    same(ours, theirs(words), words);
    assertThat(ours.code()).isEqualTo(1);
  }

  /**
   * If they have the disk's size. What became zero since is zero in the snapshot, too, once QEMU's
   * has gone back, so that ours is compared with what was there.
   */
  @ParameterizedTest
  @ValueSource(strings = {"", "resize -q DIR/a 6M", "resize -q --shrink DIR/a 2M"})
  void snapshotsGoBackWithAnImage(String then) throws Exception {
    byte[] bytes = new byte[3 << 20];
    new Random(1).nextBytes(bytes);
    Files.write(folder.resolve("disk"), bytes);
    done("convert -f raw -O qcow2 DIR/disk DIR/a");
    done("snapshot -c one DIR/a");
    io("a", "write -P 4 512k 1M", "write -z 2M 64k");
    if (!then.isEmpty()) {
      done(then);
    }
    Files.copy(folder.resolve("a"), folder.resolve("b"));
    String words = "amend -f qcow2 -o compat=0.10 DIR/";
    ToolRun ours = ToolRun.ours(folder, words + "a");
    same(ours, theirs(words + "b"), words);
    assertThat(ours.code()).isEqualTo(then.isEmpty() ? 0 : 1);
    same(ToolRun.ours(folder, "info DIR/a"), theirs("info DIR/b"), words);
    assertThat(theirs("check DIR/a").out()).startsWith("No errors were found on the image.");
    assertThat(theirs("compare DIR/a DIR/b").code()).isZero();
    done("snapshot -a one DIR/a");
    assertThat(theirs("check DIR/a").out()).startsWith("No errors were found on the image.");
    assertThat(theirs("compare -f qcow2 -F raw DIR/a DIR/disk").code()).isZero();
  }

  /** QEMU's have wrong flags then, or lose the bitmaps and what they take. */
  @Test
  void zeroesOfSnapshotsAndBitmapsStay() throws Exception {
    for (String name : new String[] {"a", "b"}) {
      done("create -q -f qcow2 -o preallocation=metadata DIR/" + name + " 1M");
    }
    io("a", "write -z 0 64k");
    done("snapshot -c one DIR/a");
    done("bitmap --add DIR/b bits");
    ToolRun zeroes = ToolRun.ours(folder, "amend -o compat=0.10 DIR/a");
    assertThat(zeroes.err()).contains("an image with zeroes in its snapshots");
    ToolRun bitmaps = ToolRun.ours(folder, "amend -o compat=0.10 DIR/b");
    assertThat(bitmaps.err()).contains("an image with dirty bitmaps");
    assertThat(zeroes.code() + bitmaps.code()).isEqualTo(2);
    for (String name : new String[] {"a", "b"}) {
      assertThat(theirs("check DIR/" + name).code()).isZero();
      assertThat(theirs("info DIR/" + name).out()).contains("compat: 1.1");
    }
    assertThat(theirs("info DIR/b").out()).contains("name: bits");
  }

  private void io(String image, String... commands) throws Exception {
    var words = new ArrayList<>(List.of("/usr/bin/qemu-io", "-f", "qcow2"));
    for (String command : commands) {
      words.addAll(List.of("-c", command));
    }
    words.add(folder.resolve(image).toString());
    Process process = new ProcessBuilder(words).redirectErrorStream(true).start();
    process.getInputStream().readAllBytes();
    assertThat(process.waitFor()).isZero();
  }

  @Test
  void passwordsComeAndGo() {
    String one = "--object secret,id=s,data=one ";
    String both = one + "--object secret,id=t,data=two ";
    done("create -q " + one + "-f luks -o key-secret=s,iter-time=10 DIR/l 1M");
    done(
        "create -q "
            + one
            + "-f qcow2 -o encrypt.format=luks,encrypt.key-secret=s,encrypt.iter-time=10 DIR/q 1M");
    String l = "driver=luks,file.driver=file,file.filename=DIR/l,key-secret=";
    String q = "driver=qcow2,file.driver=file,file.filename=DIR/q,encrypt.key-secret=";
    done("amend " + both + "-o state=active,new-secret=t,iter-time=10 --image-opts " + l + "s");
    done(
        "amend "
            + both
            + "-o encrypt.state=active,encrypt.new-secret=t,encrypt.iter-time=10 --image-opts "
            + q
            + "s");
    for (String image : new String[] {l, q}) {
      assertThat(theirs("convert " + both + "--image-opts " + image + "t -O raw DIR/x").err())
          .isEmpty();
      assertThat(theirs("convert " + both + "--image-opts " + image + "s -O raw DIR/y").err())
          .isEmpty();
    }
    done("amend " + both + "-o state=inactive,old-secret=s --image-opts " + l + "t");
    done("amend " + both + "-o encrypt.state=inactive,encrypt.keyslot=0 --image-opts " + q + "t");
    for (String image : new String[] {l, q}) {
      String prefix = image.equals(l) ? "" : "encrypt.";
      assertThat(theirs("convert " + both + "--image-opts " + image + "t -O raw DIR/x").err())
          .isEmpty();
      assertThat(theirs("convert " + both + "--image-opts " + image + "s -O raw DIR/y").err())
          .contains("Invalid password");
      String last = "amend " + both + "-o " + prefix + "state=inactive," + prefix + "keyslot=1 ";
      ToolRun refused = ToolRun.ours(folder, last + "--image-opts " + image + "t");
      assertThat(refused.err()).contains("refusing operation");
      assertThat(refused.code()).isOne();
    }
  }
}
