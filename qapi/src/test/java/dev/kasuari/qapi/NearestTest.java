package dev.kasuari.qapi;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

@Tag("fast")
class NearestTest {
  @Test
  void swapsInsertionsAndLossesAreNear() {
    assertThat(Nearest.of("zab", List.of("zbb", "zba", "zbs"))).isEqualTo("zba");
    assertThat(Nearest.of("virtio-blk-devise", List.of("virtio-rng-device", "virtio-blk-device")))
        .isEqualTo("virtio-blk-device");
    assertThat(Nearest.of("DRIVE", List.of("drive"))).isEqualTo("drive");
    assertThat(Nearest.of("qqqq", List.of("drive"))).isNull();
    assertThat(Nearest.of("", List.of("drive"))).isNull();
  }

  @Test
  void hintsAtOneOrAtAll() {
    assertThat(Nearest.hint("vrit", List.of("virt"))).isEqualTo("; did you mean 'virt'?");
    assertThat(Nearest.hint("pc", List.of("virt"))).isEqualTo("; there is virt");
    assertThat(Nearest.hint("pc", List.of("virt", "mps2"))).isEqualTo("; there are virt, mps2");
    assertThat(Nearest.hint("pc", List.of())).isEmpty();
  }

  @Test
  void distanceCountsSingleMistakes() {
    assertThat(Nearest.distance("", "abc")).isEqualTo(3);
    assertThat(Nearest.distance("abcd", "acbd")).isEqualTo(1);
    assertThat(Nearest.distance("kitten", "sitting")).isEqualTo(3);
  }
}
