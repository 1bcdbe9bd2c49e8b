package dev.kasuari.img;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Random;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Counts of images are damaged at random: we find fault where qemu-img does, and what we mend is in
 * order for it, and is the same disk as before. {@code -Dkasuari.block.seeds=N} tries more.
 */
@Tag("guest")
class DamagePeerTest {
  private static final int FEW = 16;
  private static final int TABLE_OFFSET = 48; // in the header, as is what follows
  private static final int L1_OFFSET = 40;

  @TempDir Path folder;

  private int code(String words) {
    return ToolRun.theirs(folder, "qemu-img", words).code();
  }

  @Test
  void damagedCountsAreMended() throws Exception {
    byte[] bytes = new byte[1 << 20];
    new Random(1).nextBytes(bytes);
    Files.write(folder.resolve("disk"), bytes);
    String[] made = {"cluster_size=512", "cluster_size=4k,refcount_bits=64", "refcount_bits=1"};
    for (int i = 0; i < made.length; i++) {
      String words = "convert -f raw -O qcow2 -o " + made[i] + " DIR/disk DIR/made" + i;
      assertThat(code(words)).isZero();
    }
    int seeds = Integer.getInteger("kasuari.block.seeds", FEW);
    for (int seed = 0; seed < seeds; seed++) {
      var random = new Random(seed);
      byte[] image = Files.readAllBytes(folder.resolve("made" + seed % made.length));
      Files.write(folder.resolve("image"), image);
      String damage = damage(random);
      String what = "seed " + seed + ", " + made[seed % made.length] + ": " + damage;
      int theirs = code("check -q DIR/image");
      ToolRun ours = ToolRun.ours(folder, "check -q DIR/image");
      assertThat(ours.code() == 0).as(what + ": " + ours.err()).isEqualTo(theirs == 0);
      ToolRun mended = ToolRun.ours(folder, "check -r all DIR/image");
      assertThat(mended.code()).as(what + ": " + mended.err()).isZero();
      ToolRun checked = ToolRun.theirs(folder, "qemu-img", "check DIR/image");
      assertThat(checked.code()).as(what + ": " + checked.err() + checked.out()).isZero();
      assertThat(code("compare -f qcow2 -F raw DIR/image DIR/disk")).as(what).isZero();
      assertThat(ToolRun.ours(folder, "check DIR/image").code()).as(what).isZero();
    }
  }

  private String damage(Random random) throws IOException {
    try (var file = new RandomAccessFile(folder.resolve("image").toFile(), "rw")) {
      file.seek(TABLE_OFFSET);
      long table = file.readLong();
      file.seek(L1_OFFSET);
      long l1 = file.readLong();
      file.seek(table);
      long block = file.readLong();
      return switch (random.nextInt(5)) {
        case 0 -> {
          entry(file, table, block | 8);
          yield "an entry that is not aligned";
        }
        case 1 -> {
          entry(file, table, (file.length() + (64 << 20)) & -(2L << 20));
          yield "an entry behind the end";
        }
        case 2 -> {
          entry(file, table, l1);
          yield "an entry that is the L1 table's";
        }
        case 3 -> {
          entry(file, table, 0);
          yield "no entry";
        }
        default -> {
          for (int i = 0; i < 4; i++) {
            file.seek(block + random.nextInt(64));
            file.write(random.nextInt(2));
          }
          yield "other counts";
        }
      };
    }
  }

  private static void entry(RandomAccessFile file, long table, long value) throws IOException {
    file.seek(table);
    file.writeLong(value);
  }
}
