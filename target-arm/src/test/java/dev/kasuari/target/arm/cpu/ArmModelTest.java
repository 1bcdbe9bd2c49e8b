package dev.kasuari.target.arm.cpu;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import dev.kasuari.target.arm.isa.A64Features;
import java.util.Map;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

@Tag("fast")
class ArmModelTest {
  private static final String ISAR0 = "id_aa64isar0_el1";

  @Test
  void areKnownByName() {
    assertThat(ArmModel.names())
        .containsExactly(
            "cortex-a53",
            "cortex-a55",
            "cortex-a57",
            "cortex-a72",
            "cortex-a76",
            "neoverse-n1",
            "max");
    assertThat(ArmModel.named("cortex-a57").midr()).isEqualTo(0x411fd070);
    assertThat(ArmModel.named("cortex-a55").identification("ctr_el0")).isEqualTo(0x84448004L);
    assertThatIllegalArgumentException()
        .isThrownBy(() -> ArmModel.parse("cortex-a58"))
        .withMessageContaining("there are cortex-a53, cortex-a55");
  }

  @Test
  void haveTheInstructionsThatTheyAnnounce() {
    ArmModel old = ArmModel.named("cortex-a57");
    assertThat(old.has(A64Features.CRC32)).isTrue();
    assertThat(old.has(A64Features.LSE)).isFalse();
    assertThat(old.has(A64Features.PAN)).isFalse();
    ArmModel one = ArmModel.named("neoverse-n1");
    assertThat(one.has(A64Features.LSE)).isTrue();
    assertThat(one.has(A64Features.RCPC)).isTrue();
    assertThat(one.has(A64Features.RCPC2)).isFalse();
    for (String name : ArmModel.names()) {
      long features = ArmModel.named(name).features();
      assertThat(features & A64Features.LATER).as(name).isZero();
      assertThat(features & A64Features.SIMD).as(name).isNotZero();
      boolean halves = !name.matches("cortex-a(53|57|72)");
      assertThat((features & A64Features.FP16) != 0).as(name).isEqualTo(halves);
    }
  }

  @Test
  void announceNoMoreThanThereIs() {
    // Of field 63 to 60 only the value 1 is known, and of SVE's register nothing.
    var announced =
        Identification.announced(Map.of(ISAR0, 0x7000_0000_0011_0000L, "id_aa64zfr0_el1", 5L));
    assertThat(announced.get(ISAR0)).isEqualTo(0x1000_0000_0011_0000L);
    assertThat(announced.get("id_aa64zfr0_el1")).isZero();
    assertThat(Identification.features(announced) & (A64Features.CRC32 | A64Features.LSE))
        .isEqualTo(A64Features.CRC32);
  }

  @Test
  void haveTheLevelsThatBoardsGiveThem() {
    ArmModel model = ArmModel.named("max");
    assertThat(model.levels()).isEqualTo(1);
    assertThat(model.withLevels(true, false).levels()).isEqualTo(2);
    assertThat(model.withLevels(false, true).levels()).isEqualTo(3);
    assertThat(model.withLevels(false, true).hasHypervisor()).isFalse();
    assertThat(model.withLevels(true, true).identification("id_aa64pfr0_el1") & 0xffff)
        .isEqualTo(0x1111);
  }

  @Test
  void takeProperties() {
    ArmModel narrow = ArmModel.parse("max,lpa2=off,cntfrq=1000000");
    assertThat(narrow.identification("id_aa64mmfr0_el1")).isEqualTo(0x0000_0222_0010_1126L);
    assertThat(narrow.counterFrequency()).isEqualTo(1_000_000);
    assertThat(ArmModel.parse("cortex-a53,aarch64=on,pmu=off").counterFrequency())
        .isEqualTo(62_500_000);
    assertThat(ArmModel.parse("max,pauth=off").has(A64Features.PAUTH)).isFalse();
    assertThat(ArmModel.parse("max").field("id_aa64isar1_el1", 8)).as("as QEMU 10's").isEqualTo(1);
    assertThat(ArmModel.parse("max,pauth-impdef=off").toString())
        .as("as QEMU 10's")
        .isEqualTo(ArmModel.parse("max").toString());
    assertThat(ArmModel.parse("max,pauth-qarma3").field("id_aa64isar1_el1", 8)).isZero();
    assertThat(ArmModel.parse("max,pauth-qarma3").field("id_aa64isar2_el1", 12)).isEqualTo(1);
    assertThat(ArmModel.parse("max,pauth-qarma5,pauth=on").field("id_aa64isar1_el1", 4))
        .isEqualTo(1);
  }

  @Test
  void refuseWhatTheyDoNotHave() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> ArmModel.parse("max,pauht=off"))
        .withMessage(
            "-cpu max,pauht: no such property; there are aarch64, cntfrq, lpa2, pauth,"
                + " pauth-impdef, pauth-qarma3, pauth-qarma5, pmu, sme, sve");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> ArmModel.parse("max,sve=on"))
        .withMessage("-cpu max,sve=on: that is not there yet");
    assertThat(ArmModel.parse("max,sve=off,sme=off").toString())
        .isEqualTo(ArmModel.parse("max").toString());
    assertThatIllegalArgumentException()
        .isThrownBy(() -> ArmModel.parse("cortex-a57,pauth=on"))
        .withMessageContaining("only max");
    for (String cpu :
        new String[] {"max,pauth=off,pauth-qarma3=on", "max,pauth-impdef,pauth=off"}) {
      assertThatIllegalArgumentException()
          .isThrownBy(() -> ArmModel.parse(cpu))
          .withMessage(
              "-cpu max: cannot enable pauth-impdef, pauth-qarma3 or pauth-qarma5 without pauth");
    }
    assertThatIllegalArgumentException()
        .isThrownBy(() -> ArmModel.parse("max,pauth-qarma3=on,pauth-qarma5=on"))
        .withMessage(
            "-cpu max: cannot enable pauth-impdef, pauth-qarma3 and pauth-qarma5 at the same time");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> ArmModel.parse("max,pmu=maybe"))
        .withMessageContaining("expected on or off");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> ArmModel.parse("max,aarch64=off"))
        .withMessageContaining("no AArch32");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> ArmModel.parse("max,cntfrq=0"))
        .withMessageContaining("1 to 1000000000");
  }
}
