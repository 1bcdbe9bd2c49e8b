package dev.kasuari.target.arm.isa;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.HashMap;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

@Tag("fast")
class A64ImmediatesTest {
  @ParameterizedTest
  @CsvSource({
    "1, 0x1000, 1",
    "0, 0x0000, 1",
    "1, 0x103c, 0x1fffffffffffffff",
    "1, 0x003c, 0x5555555555555555",
    "0, 0x003c, 0x55555555",
    "1, 0x007c, 0xaaaaaaaaaaaaaaaa",
    "1, 0x0027, 0x00ff00ff00ff00ff",
    "1, 0x1fc0, 2",
    "1, 0x107e, 0xbfffffffffffffff",
  })
  void expandsMasks(int sf, String bits, String mask) {
    assertThat(A64Immediates.bitmask(sf, Integer.decode(bits)))
        .isEqualTo(Long.parseUnsignedLong(mask.replace("0x", ""), 16));
  }

  /** DDI 0487, C6.2, AND (immediate): of 64 bits there are 5334 different masks. */
  @Test
  void encodesEveryMaskThatThereIs() {
    var masks = new HashMap<Long, Integer>();
    for (int nrs = 0; nrs < 1 << 13; nrs++) {
      int insn = 0x9200_0000 | nrs << 10;
      if (A64Decoder.match(insn, A64DecoderTest.ALL) == A64Patterns.AND_I) {
        long mask = A64Immediates.bitmask(1, nrs);
        masks.put(mask, nrs);
        int again = A64Immediates.encodeBitmask(1, mask);
        assertThat(A64Immediates.bitmask(1, again)).isEqualTo(mask);
      }
    }
    assertThat(masks).hasSize(5334);
    assertThat(A64Immediates.encodeBitmask(0, 0xffff_0000L)).isEqualTo(0x40f);
    assertThat(A64Immediates.encodeBitmask(1, 0)).isEqualTo(-1);
    assertThat(A64Immediates.encodeBitmask(1, -1)).isEqualTo(-1);
    assertThat(A64Immediates.encodeBitmask(0, 0xffff_ffffL)).isEqualTo(-1);
    assertThat(A64Immediates.encodeBitmask(1, 0x1234)).isEqualTo(-1);
    assertThat(A64Immediates.encodeBitmask(1, 5)).isEqualTo(-1);
  }
}
