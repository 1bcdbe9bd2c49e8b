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

  @ParameterizedTest
  @CsvSource({
    "1, 0x70, 0x3c00",
    "2, 0x70, 0x3f800000",
    "3, 0x70, 0x3ff0000000000000",
    "3, 0x00, 0x4000000000000000",
    "2, 0xff, 0xbff80000",
    "1, 0xc0, 0xb000",
  })
  void expandsFloatingPoint(int size, String imm8, String bits) {
    assertThat(A64Immediates.floating(size, Integer.decode(imm8)))
        .isEqualTo(Long.parseUnsignedLong(bits.replace("0x", ""), 16));
  }

  @ParameterizedTest
  @CsvSource({
    "0, 0, 000000a5000000a5",
    "0, 6, a5000000a5000000",
    "0, 10, a500a500a500a500",
    "0, 12, 0000a5ff0000a5ff",
    "0, 13, 00a5ffff00a5ffff",
    "0, 14, a5a5a5a5a5a5a5a5",
    "0, 15, c1280000c1280000",
    "1, 2, ffff5affffff5aff",
    "1, 8, ff5aff5aff5aff5a",
    "1, 14, ff00ff0000ff00ff",
    "1, 15, c025000000000000",
  })
  void movesSimdImmediates(int op, int cmode, String bits) {
    assertThat(A64Immediates.moved(op, cmode, 0xa5)).isEqualTo(Long.parseUnsignedLong(bits, 16));
  }

  @Test
  void clearsWithTheImmediateItself() {
    assertThat(A64Immediates.simd(1, 3, 0xa5)).isEqualTo(0x0000_a500_0000_a500L);
  }

  @ParameterizedTest
  @CsvSource({
    "8, 0, 8, 0",
    "15, 0, 1, 7",
    "16, 1, 16, 0",
    "63, 2, 1, 31",
    "64, 3, 64, 0",
    "127, 3, 1, 63"
  })
  void splitsShifts(int imm, int size, int right, int left) {
    assertThat(A64Immediates.shiftSize(imm)).isEqualTo(size);
    assertThat(A64Immediates.shiftRight(imm)).isEqualTo(right);
    assertThat(A64Immediates.shiftLeft(imm)).isEqualTo(left);
  }
}
