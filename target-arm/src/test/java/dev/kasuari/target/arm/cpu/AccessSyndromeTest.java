package dev.kasuari.target.arm.cpu;

import static org.assertj.core.api.Assertions.assertThat;

import dev.kasuari.target.arm.isa.A64Encoder;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

@Tag("fast")
class AccessSyndromeTest {
  private static final int VALID = 1 << 24;
  private static final int SIGNED = 1 << 21;
  private static final int WIDE = 1 << 15;
  private static final int ORDERED = 1 << 14;

  private static void says(int instruction, int syndrome) {
    assertThat(AccessSyndrome.of(instruction))
        .as(() -> Integer.toHexString(instruction))
        .isEqualTo(syndrome);
  }

  @Test
  void tellsWidthRegisterAndSign() {
    says(A64Encoder.strU(0, 3, 1, 5), VALID | 3 << 16); // strb w3, [x1, #5]
    says(A64Encoder.strU(3, 4, 3, 0), VALID | 3 << 22 | 4 << 16 | WIDE); // str x4, [x3]
    says(0xb940_0041, VALID | 2 << 22 | 1 << 16); // ldr w1, [x2]
    says(0x7980_0041, VALID | 1 << 22 | SIGNED | 1 << 16 | WIDE); // ldrsh x1, [x2]
    says(0x39c0_005f, VALID | SIGNED | 31 << 16); // ldrsb wzr, [x2]
    says(0xb980_0041, VALID | 2 << 22 | SIGNED | 1 << 16 | WIDE); // ldrsw x1, [x2]
    says(0xb840_3041, VALID | 2 << 22 | 1 << 16); // ldur w1, [x2, #3]
    says(0xb840_3841, VALID | 2 << 22 | 1 << 16); // ldtr w1, [x2, #3]
    says(0xb863_6841, VALID | 2 << 22 | 1 << 16); // ldr w1, [x2, x3]
  }

  @Test
  void tellsThatAnAccessIsOrdered() {
    says(0xc8df_fc41, VALID | 3 << 22 | 1 << 16 | WIDE | ORDERED); // ldar x1, [x2]
    says(0x089f_fc41, VALID | 1 << 16 | ORDERED); // stlrb w1, [x2]
    says(0xb8bf_c041, VALID | 2 << 22 | 1 << 16 | ORDERED); // ldapr w1, [x2]
    says(0x9980_4041, VALID | 2 << 22 | SIGNED | 1 << 16 | WIDE | ORDERED); // ldapursw x1, [x2, #4]
  }

  @Test
  void saysNothingOfInstructionsThatChangeMore() {
    says(0xb840_4441, 0); // ldr w1, [x2], #4
    says(0xb840_4c41, 0); // ldr w1, [x2, #4]!
    says(0xa940_0841, 0); // ldp x1, x2, [x2]
    says(0xf820_0041, 0); // ldadd x0, x1, [x2]
    says(0xc85f_7c41, 0); // ldxr x1, [x2]
    says(0x3dc0_0041, 0); // ldr q1, [x2]
    says(0xf980_0040, 0); // prfm
    says(0xd503_201f, 0); // nop
  }
}
