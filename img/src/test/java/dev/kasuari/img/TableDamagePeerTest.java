package dev.kasuari.img;

import static org.assertj.core.api.Assertions.assertThat;

import dev.kasuari.qapi.Json;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * {@code check} finds as much wrong as qemu-img 7.2 does where one number of a qcow2 image is, ends
 * with its code, and mends as much. {@code -Dkasuari.block.seeds=N} tries more.
 */
@Tag("guest")
class TableDamagePeerTest {
  private static final int FEW = 40;
  private static final List<String> COUNTS = List.of("check-errors", "corruptions", "leaks");

  private static final List<String> MADE =
      List.of(
          "cluster_size=512",
          "cluster_size=4k",
          "cluster_size=64k,compat=0.10",
          "cluster_size=16k,extended_l2=on");

  @TempDir Path folder;

  /** What a check said: its exit code, and counts where it came so far. */
  record Said(int code, Map<String, Long> counts, String text) {
    static Said of(ToolRun run) {
      var counts = new TreeMap<String, Long>();
      if (run.out().startsWith("{")) {
        var json = Json.parse(run.out());
        for (String key : COUNTS) {
          counts.put(key, number(json, key));
        }
      }
      return new Said(run.code(), counts, run.err());
    }

    private static long number(Json json, String key) {
      return json instanceof Json.Members(var all) && all.get(key) instanceof Json.Num n
          ? n.value().longValueExact()
          : 0;
    }

    boolean like(Said other) {
      return code == other.code && counts.equals(other.counts);
    }
  }

  @Test
  void findsAndMendsAsMuch() throws Exception {
    make(folder);
    int seeds = Integer.getInteger("kasuari.block.seeds", FEW);
    for (int seed = 0; seed < seeds; seed++) {
      assertThat(difference(folder, seed)).isEmpty();
    }
  }

  /** Images with data, a compressed cluster, and, where there can be, a snapshot. */
  static void make(Path folder) throws IOException {
    byte[] bytes = new byte[1 << 20];
    new Random(1).nextBytes(bytes);
    java.util.Arrays.fill(bytes, 0, 1 << 18, (byte) 7); // becomes compressed
    java.util.Arrays.fill(bytes, 1 << 18, 1 << 19, (byte) 0);
    Files.write(folder.resolve("disk"), bytes);
    java.util.Arrays.fill(bytes, 0, 1 << 17, (byte) 0);
    java.util.Arrays.fill(bytes, 3 << 18, 7 << 17, (byte) 1);
    Files.write(folder.resolve("changed"), bytes);
    for (int i = 0; i < MADE.size(); i++) {
      String image = " DIR/made" + i;
      theirs(
          folder, "qemu-img", "convert -c -f raw -O qcow2 -o " + MADE.get(i) + " DIR/disk" + image);
      theirs(folder, "qemu-img", "snapshot -c s" + image);
      theirs(folder, "qemu-img", "convert -n -f raw -O qcow2 DIR/changed" + image);
    }
  }

  private static void theirs(Path folder, String tool, String words) {
    ToolRun run = ToolRun.theirs(folder, tool, words);
    assertThat(run.code()).as(words + run.err()).isZero();
  }

  /** How the two differ in what they say of an image that is damaged by a seed, or nothing. */
  static String difference(Path folder, int seed) throws IOException {
    String made = MADE.get(seed % MADE.size());
    Path good = folder.resolve("made" + seed % MADE.size());
    Files.write(folder.resolve("ours"), Files.readAllBytes(good));
    String damage = TableDamage.to(folder.resolve("ours"), new Random(seed * 0x9e3779b97f4a7c15L));
    Files.write(folder.resolve("theirs"), Files.readAllBytes(folder.resolve("ours")));
    String what = "seed " + seed + ", " + made + ", " + damage + ": ";
    for (String how : List.of("", "-r all ", "")) {
      Said ours = ours(folder, how);
      Said theirs = theirs(folder, how);
      if (!ours.like(theirs)) {
        boolean worse = ours.code == 0 && !inOrderForThem(folder);
        if (!worse && why(damage, how, ours, theirs)) {
          return "";
        }
        return what + how + "ours " + ours + ", theirs " + theirs;
      }
      if (ours.code == 1) {
        return "";
      }
    }
    return "";
  }

  private static boolean inOrderForThem(Path folder) {
    return ToolRun.theirs(folder, "qemu-img", "check -f qcow2 DIR/ours").code() == 0;
  }

  private static boolean why(String damage, String how, Said ours, Said theirs) {
    return Stream.of(Justified.values()).anyMatch(j -> j.is(damage, how, ours, theirs));
  }

  /** Where we do something else, and why. */
  private enum Justified {
    /** QEMU does not mend where tables overlap; what we have mended is in order for it. */
    WE_MEND_IT {
      @Override
      boolean is(String damage, String how, Said ours, Said theirs) {
        return theirs.code == 1 && ours.code == 0;
      }
    },
    /** It looks for tables in whatever is behind a table whose length is wrong. */
    LENGTH_IS_WRONG {
      @Override
      boolean is(String damage, String how, Said ours, Said theirs) {
        return damage.startsWith("a snapshot's L1 table, its length") && ours.code == 2;
      }
    },
    /** It writes entries into what is no table. */
    TABLE_IS_NOT_ALIGNED {
      @Override
      boolean is(String damage, String how, Said ours, Said theirs) {
        return damage.contains("L1 entry") && damage.contains("not aligned") && !how.isEmpty();
      }
    },
    /** It makes a table of snapshots of nothing, where the place of the table is wrong. */
    SNAPSHOTS_ARE_NOWHERE {
      @Override
      boolean is(String damage, String how, Said ours, Said theirs) {
        return damage.startsWith("place of the snapshots") && !how.isEmpty();
      }
    },
    /** Offsets have 56 bits: we do not open the image. */
    OFFSET_IS_TOO_WIDE {
      @Override
      boolean is(String damage, String how, Said ours, Said theirs) {
        return damage.startsWith("place of") && ours.code == 1 && theirs.code == 2;
      }
    };

    abstract boolean is(String damage, String how, Said ours, Said theirs);
  }

  private static Said ours(Path folder, String how) {
    return Said.of(ToolRun.ours(folder, "check -f qcow2 --output=json " + how + "DIR/ours"));
  }

  private static Said theirs(Path folder, String how) {
    String words = "check -f qcow2 --output=json " + how + "DIR/theirs";
    return Said.of(ToolRun.theirs(folder, "qemu-img", words));
  }
}
