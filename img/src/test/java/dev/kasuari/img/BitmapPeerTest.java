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

/** Dirty bitmaps in qcow2: the same words do the same as with qemu-img 7.2, which reads ours. */
@Tag("guest")
class BitmapPeerTest {
  @TempDir Path folder;
  private Path ours;
  private Path theirs;

  @BeforeEach
  void folders() throws Exception {
    ours = Files.createDirectory(folder.resolve("ours"));
    theirs = Files.createDirectory(folder.resolve("them"));
    for (Path place : List.of(ours, theirs)) {
      peer(place, "create -q -f qcow2 DIR/a 10M");
      peer(place, "create -q -f qcow2 -b a -F qcow2 DIR/top");
      peer(place, "create -q -f qcow2 DIR/big 20M");
      peer(place, "create -q -f qcow2 -o compat=0.10 DIR/old 1M");
      peer(place, "create -q -f raw DIR/raw 1M");
      io(place, "top", "write 70k 10k", "write 3M 1M", "write 10484736 1k");
    }
  }

  private static ToolRun peer(Path place, String words) {
    return ToolRun.theirs(place, "qemu-img", words);
  }

  private static void io(Path place, String image, String... commands) throws Exception {
    var words = new java.util.ArrayList<>(List.of("/usr/bin/qemu-io", "-f", "qcow2"));
    for (String command : commands) {
      words.addAll(List.of("-c", command));
    }
    words.add(place.resolve(image).toString());
    Process process = new ProcessBuilder(words).redirectErrorStream(true).start();
    process.getInputStream().readAllBytes();
    assertThat(process.waitFor()).isZero();
  }

  private void both(String words) {
    ToolRun a = peer(theirs, words);
    ToolRun b = ToolRun.ours(ours, words);
    assertThat(plain(b.out())).as(words).isEqualTo(plain(a.out()));
    assertThat(plain(b.err())).as(words).isEqualTo(plain(a.err()));
    assertThat(b.code()).as(words).isEqualTo(a.code());
  }

  /** Names of nodes that were made up, and where things are in files, are each side's own. */
  private static String plain(String text) {
    return text.replaceAll("#block[0-9]+", "#block")
        .replaceAll("disk size: .*\n", "")
        .replaceAll("[0-9]{4}-[0-9]{2}-[0-9]{2} [0-9:]{8}", "DATE")
        .replaceAll("Image end offset: .*\n", "")
        .replaceAll(".*% fragmented.*\n", "");
  }

  @Test
  void theSameCommandsDoTheSame() throws Exception {
    both("bitmap --add DIR/a b0");
    both("bitmap --add --disable -g 4096 DIR/a b1");
    both("bitmap --add -g 3000 DIR/a b2");
    both("bitmap --add -g 256 DIR/a b2");
    both("bitmap --add DIR/a b1");
    both("bitmap --remove DIR/a nope");
    both("bitmap --merge b0 DIR/a nope");
    both("bitmap --merge nope DIR/a b0");
    both("bitmap --clear DIR/a");
    both("bitmap DIR/a b0");
    both("bitmap --add -f raw DIR/raw b");
    both("bitmap --add DIR/old b");
    both("bitmap -g 64k --clear DIR/a b0");
    both("bitmap --add -b DIR/big DIR/a b9");
    both("bitmap --add -F qcow2 DIR/a b9");
    both("bitmap --add DIR/big q");
    both("bitmap --merge q -b DIR/big DIR/a b0");
    both("commit -q -d DIR/top");
    both("info DIR/a");
    sameBits("a", "b0");
    both("bitmap --add -g 512 --enable --merge b0 DIR/a b5");
    both("bitmap --merge b0 --enable DIR/a b1");
    both("bitmap --disable DIR/a b0");
    both("snapshot -c s DIR/a");
    both("snapshot -a s DIR/a");
    both("resize DIR/a 12M");
    both("info DIR/a");
    both("check DIR/a");
    both("measure -O qcow2 DIR/a");
    both("measure -O qcow2 -o cluster_size=512 DIR/a");
    both("measure -O raw DIR/a");
    for (String name : List.of("b0", "b1", "b5")) {
      sameBits("a", name);
    }
    both("bitmap --clear DIR/a b1");
    both("bitmap --remove DIR/a b0");
    sameBits("a", "b1");
    both("check DIR/a");
    both("convert --bitmaps -O qcow2 DIR/a DIR/copy");
    both("convert --bitmaps -O raw DIR/a DIR/copy");
    both("convert --bitmaps -O qcow2 DIR/old DIR/copy");
    both("convert --skip-broken-bitmaps -O qcow2 DIR/a DIR/copy");
  }

  @Test
  void copiesHaveTheSameBitmaps() throws Exception {
    both("bitmap --add DIR/a b0");
    both("bitmap --add --disable DIR/a b1");
    both("commit -q -d DIR/top");
    both("convert --bitmaps -O qcow2 DIR/a DIR/copy");
    both("info DIR/copy");
    sameBits("copy", "b0");
    both("check DIR/copy");
    for (Path place : List.of(ours, theirs)) {
      markInUse(place.resolve("a"), "b1");
    }
    both("info DIR/a");
    both("convert --bitmaps --skip-broken-bitmaps -O qcow2 DIR/a DIR/copy");
    both("info DIR/copy");
    both("bitmap --clear DIR/a b1");
    both("bitmap --merge b1 DIR/a b0");
    both("resize DIR/a 12M");
    both("measure -O qcow2 DIR/a");
    both("bitmap --remove DIR/a b1");
    both("check DIR/a");
    both("info DIR/a");
  }

  /** As if the program that used it had been killed: bit 0 of the flags of a directory's entry. */
  private static void markInUse(Path image, String name) throws IOException {
    byte[] bytes = Files.readAllBytes(image);
    int found = 0;
    for (int at = 65536; at + 26 < bytes.length; at += 8) {
      boolean here =
          bytes[at + 16] == 1
              && bytes[at + 17] == 16
              && bytes[at + 19] == name.length()
              && new String(
                      bytes, at + 24, name.length(), java.nio.charset.StandardCharsets.US_ASCII)
                  .equals(name);
      if (here) {
        bytes[at + 15] |= 1;
        found++;
      }
    }
    assertThat(found).isPositive();
    Files.write(image, bytes);
  }

  /** As QEMU reads them. */
  private void sameBits(String image, String bitmap) throws Exception {
    assertThat(bits(ours.resolve(image), bitmap)).isEqualTo(bits(theirs.resolve(image), bitmap));
  }

  private String bits(Path image, String bitmap) throws Exception {
    Path socket = folder.resolve("socket");
    Files.deleteIfExists(socket);
    Process server =
        new ProcessBuilder(
                "/usr/bin/qemu-nbd",
                "-r",
                "-f",
                "qcow2",
                "-B",
                bitmap,
                "-k",
                socket.toString(),
                image.toString())
            .inheritIO()
            .start();
    try {
      String map =
          "map --output=json --image-opts driver=nbd,server.type=unix,server.path=DIR/socket,"
              + "x-dirty-bitmap=qemu:dirty-bitmap:"
              + bitmap;
      ToolRun run;
      do { // the socket is there some time before it listens
        Thread.sleep(10);
        run = ToolRun.theirs(folder, "qemu-img", map);
      } while (run.err().contains("Failed to connect") && server.isAlive());
      assertThat(run.code()).as(run.err()).isZero();
      return run.out();
    } finally {
      server.destroy();
      server.waitFor();
    }
  }
}
