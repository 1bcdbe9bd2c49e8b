package dev.kasuari.target.riscv.cpu;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.kasuari.target.riscv.isa.RiscvFeatures;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

@Tag("fast")
class RiscvModelTest {
  @Test
  void theDefaultModelNamesWhatItHas() {
    RiscvModel model = RiscvModel.named("rv64").checked();
    assertThat(model.isaString())
        .isEqualTo(
            "rv64imafdc_zicbom_zicbop_zicboz_zicntr_zicsr_zifencei_zihintpause_zihpm_zawrs"
                + "_zba_zbb_zbc_zbs_sstc_svadu");
    assertThat(model.isaExtensions()).startsWith("i", "m", "a", "f", "d", "c", "zicbom");
    assertThat(model.isaBase()).isEqualTo("rv64i");
    assertThat(model.mmuType()).isEqualTo("riscv,sv57");
    assertThat(model.features() & RiscvFeatures.ZBB).isNotZero();
    assertThat(model.features() & RiscvFeatures.RV64).isNotZero();
  }

  @Test
  void propertiesChangeIt() {
    RiscvModel model =
        RiscvModel.rv64().with("zba", "off").with("marchid", "0x2a").with("mvendorid", "7");
    assertThat(model.features() & RiscvFeatures.ZBA).isZero();
    assertThat(model.isaString()).doesNotContain("zba");
    assertThat(model.marchid()).isEqualTo(42);
    assertThat(model.mvendorid()).isEqualTo(7);
    assertThat(RiscvModel.rv64().with("sv39", "on").mmuType()).isEqualTo("riscv,sv39");
    assertThat(RiscvModel.rv64().with("sv57", "off").mmuType()).isEqualTo("riscv,sv48");
    assertThat(RiscvModel.rv64().with("sv48", "off").mmuType()).isEqualTo("riscv,sv39");
    assertThat(RiscvModel.rv64().with("mmu", "off").mmuType()).isEqualTo("riscv,none");
    assertThat(RiscvModel.named("rv64i").checked().isaString()).isEqualTo("rv64i_zicsr");
  }

  @Test
  void everyModelCanExist() {
    RiscvModel.all().forEach(RiscvModel::checked);
  }

  @Test
  void aHartMayHave32Bits() {
    RiscvModel model = RiscvModel.named("rv32").checked();
    assertThat(model.isaString()).startsWith("rv32imafdc_zicbom");
    assertThat(model.isaBase()).isEqualTo("rv32i");
    assertThat(model.mmuType()).isEqualTo("riscv,sv32");
    assertThat(model.misa()).isEqualTo(0x4014_112dL);
    assertThat(model.features() & RiscvFeatures.RV32).isNotZero();
    assertThat(model.features() & RiscvFeatures.RV64).isZero();
    assertThatThrownBy(() -> model.with("sv48", "on").checked())
        .hasMessage("-cpu rv32: sv39=on is for 64-bit registers");
  }

  @Test
  void halfPrecisionHasItsConversions() {
    RiscvModel model = RiscvModel.rv64().with("zfh", "on").checked();
    assertThat(model.isaString()).contains("_zawrs_zfh_zfhmin_zba");
    assertThat(RiscvModel.rv64().with("zfhmin", "on").checked().isaString()).contains("_zfhmin_");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "zba | maybe | -cpu rv64,zba=maybe: expected on or off",
        "v | on | -cpu rv64,v: that property is not there yet; there are m, a, f, d, c,",
        "zvkned | on | -cpu rv64,zvkned: that property is not there yet",
        "zb | on | -cpu rv64,zb: that property is not there yet",
        "wings | on | -cpu rv64,wings: no such property; there are m, a,",
        "mvendorid | 0x100000000 | expected a number of at most 32 bits",
        "marchid | x | -cpu rv64,marchid=x: expected a number",
      })
  void badPropertiesAreExplained(String property, String value, String message) {
    assertThatThrownBy(() -> RiscvModel.rv64().with(property, value))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining(message);
  }

  @ParameterizedTest
  @CsvSource({
    "f, -cpu rv64: d=on needs f=on",
    "zicsr, -cpu rv64: f=on needs zicsr=on",
    "s, -cpu rv64: sstc=on needs s=on",
    "sv39, ''",
  })
  void whatNeedsEachOtherIsChecked(String off, String message) {
    RiscvModel model = RiscvModel.rv64().with(off, "off");
    assertThatThrownBy(model::checked)
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining(message);
  }

  @Test
  void anUnknownModelIsAnsweredWithTheKnown() {
    assertThatThrownBy(() -> RiscvModel.named("cortex-a53"))
        .hasMessage(
            "-cpu cortex-a53: no such CPU model; there are max, max32, rv32, rv32i, rv64, rv64i");
  }
}
