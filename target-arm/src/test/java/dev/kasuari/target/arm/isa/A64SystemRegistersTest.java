package dev.kasuari.target.arm.isa;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

@Tag("fast")
class A64SystemRegistersTest {
  @Test
  void knowsNamesAndNumbers() {
    assertThat(A64SystemRegisters.number(3, 0, 0, 0, 0)).isEqualTo(0xc000);
    assertThat(A64SystemRegisters.name(0xc000)).isEqualTo("midr_el1");
    assertThat(A64SystemRegisters.number("pmevtyper30_el0"))
        .isEqualTo(A64SystemRegisters.number(3, 3, 14, 15, 6));
    assertThat(A64SystemRegisters.name(A64SystemRegisters.number(3, 0, 15, 2, 1)))
        .isEqualTo("s3_0_c15_c2_1");
    assertThat(A64SystemRegisters.number("midr")).isEqualTo(-1);
  }

  @Test
  void knowsOperations() {
    int vae1is = A64SystemOperations.number(0, 8, 3, 1);
    assertThat(A64SystemOperations.name(vae1is)).isEqualTo("tlbi vae1is");
    assertThat(A64SystemOperations.name(A64SystemOperations.number(3, 7, 4, 1)))
        .isEqualTo("dc zva");
    assertThat(A64SystemOperations.name(A64SystemOperations.number(7, 15, 15, 7))).isEmpty();
  }

  @Test
  void namesARegisterThatIsAnotherOneWhenWritten() {
    assertThat(show(0xd533_0500)).isEqualTo("mrs     x0, dbgdtrrx_el0");
    assertThat(show(0xd513_0500)).isEqualTo("msr     dbgdtrtx_el0, x0");
  }

  private static String show(int insn) {
    return A64Disassembler.disassemble(0, insn, A64DecoderTest.ALL, true);
  }
}
