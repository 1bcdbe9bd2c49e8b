package dev.kasuari.hw.scsi;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.HexFormat;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Sense data as SPC-4 lays it out. */
@Tag("fast")
class SenseTest {
  @Test
  void bothFormatsSayTheSame() {
    HexFormat hex = HexFormat.of();
    assertThat(hex.formatHex(Sense.LBA_OUT_OF_RANGE.fixed()))
        .isEqualTo("70000500" + "0000000a" + "00000000" + "2100" + "00000000");
    assertThat(hex.formatHex(Sense.LBA_OUT_OF_RANGE.descriptors())).isEqualTo("7205210000000000");
  }

  @Test
  void attentionsComeBackFromTheirCodes() {
    assertThat(Sense.attention(Sense.CAPACITY_CHANGED.code())).isEqualTo(Sense.CAPACITY_CHANGED);
    assertThat(Sense.attention(Sense.LUNS_CHANGED.code())).isEqualTo(Sense.LUNS_CHANGED);
  }
}
