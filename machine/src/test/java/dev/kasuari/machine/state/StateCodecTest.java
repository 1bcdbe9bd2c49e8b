package dev.kasuari.machine.state;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

@Tag("fast")
class StateCodecTest {
  enum Mode {
    IDLE,
    BUSY
  }

  /** One of each kind. */
  @StateClass(version = 3)
  static final class Everything {
    boolean flag = true;
    byte small = -1;
    short middle = -300;
    char letter = 'ä';
    int number = 70000;
    long large = 1L << 40;
    float real = 1.5f;
    double precise = Math.PI;
    String text = "grüße";
    Mode mode = Mode.IDLE;
    final boolean[] flags = {true, false};
    final byte[] fixed = new byte[4];
    byte[] growing = {1, 2, 3};
    short[] shorts = {-5};
    char[] chars = {'x'};
    int[] ints = {1 << 30};
    long[] longs = {-1L};
    float[] floats = {2.5f};
    double[] doubles = {Double.NEGATIVE_INFINITY};
    final Inner inner = new Inner();
    final Inner[] pair = {new Inner(), new Inner()};
    final List<Inner> queue = new ArrayList<>();
    final List<Long> heads = new ArrayList<>();
    final List<Integer> slots = new ArrayList<>();
  }

  /** Inside another. */
  static final class Inner {
    int a = 1;
    final byte[] b = new byte[2];
  }

  /** An older and a newer version of a class. */
  @StateClass
  static final class Old {
    int kept = 5;
  }

  /** See {@link Old}. */
  @StateClass(version = 2)
  static final class New {
    long kept = 6;
    int added = 77;
  }

  private static final StateCodec<Everything> CODEC = StateCodecTestEverythingStateCodec.CODEC;

  private static Everything filled() {
    var e = new Everything();
    e.flag = false;
    e.small = 5;
    e.letter = '\uffff';
    e.number = Integer.MIN_VALUE;
    e.large = Long.MIN_VALUE;
    e.real = Float.NaN;
    e.mode = Mode.BUSY;
    e.text = "";
    e.flags[1] = true;
    e.fixed[3] = 9;
    e.growing = new byte[300];
    e.ints = new int[0];
    e.inner.a = -4;
    e.pair[1].b[1] = 8;
    e.queue.add(new Inner());
    e.queue.getFirst().a = 99;
    e.heads.add(1L << 50);
    e.slots.add(-3);
    return e;
  }

  @Test
  void everythingComesBack() {
    Everything saved = filled();
    Everything back = CODEC.decode("dev", CODEC.encode(saved));
    assertThat(CODEC.same(saved, back)).isTrue();
    assertThat(CODEC.same(new Everything(), back)).isFalse();
    assertThat(back.letter).isEqualTo('\uffff');
    assertThat(back.real).isNaN();
    assertThat(back.queue.getFirst().a).isEqualTo(99);
    assertThat(back.pair[1].b).containsExactly(0, 8);
    assertThat(back.heads).containsExactly(1L << 50);
    assertThat(back.slots).containsExactly(-3);
    assertThat(CODEC.show(back).toString())
        .contains("\"mode\": \"BUSY\"")
        .contains("\"fixed\": \"00000009\"")
        .contains("\"inner\": {\"a\": -4, \"b\": \"0000\"}")
        .contains("\"doubles\": [\"-Infinity\"]");
  }

  @Test
  void theBytesAreTheSameOnEveryHost() {
    byte[] bytes = StateCodecTestOldStateCodec.CODEC.encode(new Old());
    assertThat(bytes).containsExactly(1, 5, 4, 'k', 'e', 'p', 't', 5, 0, 0, 0, 0);
  }

  @Test
  void olderStateTakesDefaultsAndNewerFieldsAreRefusedByName() {
    var old = new Old();
    old.kept = 123;
    New upgraded =
        StateCodecTestNewStateCodec.CODEC.decode(
            "dev", StateCodecTestOldStateCodec.CODEC.encode(old));
    assertThat(upgraded.kept).isEqualTo(123);
    assertThat(upgraded.added).isEqualTo(77);
    byte[] newer = StateCodecTestNewStateCodec.CODEC.encode(new New());
    assertThatThrownBy(() -> StateCodecTestOldStateCodec.CODEC.decode("uart0", newer))
        .isInstanceOf(StateException.class)
        .hasMessage("uart0: field 'added' is not known to this version (Old 1, saved by 2)");
    var large = new New();
    large.kept = 1L << 40;
    byte[] tooLarge = StateCodecTestNewStateCodec.CODEC.encode(large);
    assertThatThrownBy(() -> StateCodecTestOldStateCodec.CODEC.decode("uart0", tooLarge))
        .hasMessage("uart0.kept: 1099511627776 does not fit here");
  }

  /** Whatever is done to the bytes, the answer is a state or a complaint. */
  @Test
  void damagedStateIsRefusedAndNeverBreaksTheReader() {
    long seed = 11;
    System.out.println("seed " + seed);
    var random = new SplittableRandom(seed);
    byte[] good = CODEC.encode(filled());
    int refused = 0;
    for (int i = 0; i < 4000; i++) {
      byte[] bad = good.clone();
      for (int n = 0; n <= random.nextInt(3); n++) {
        bad[random.nextInt(bad.length)] = (byte) random.nextInt();
      }
      if (random.nextBoolean()) {
        bad = Arrays.copyOf(bad, random.nextInt(bad.length));
      }
      try {
        CODEC.decode("dev", bad);
      } catch (StateException e) {
        refused++;
        assertThat(e).hasMessageStartingWith("dev");
      }
    }
    assertThat(refused).isGreaterThan(2000);
  }
}
