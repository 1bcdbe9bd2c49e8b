package dev.kasuari.tcg.x86_64;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** What the processor says about itself is what Linux says about it. */
@Tag("fast")
class CpuFeaturesTest {
  /** As {@code /proc/cpuinfo} names them. */
  private static String linuxName(CpuFeature feature) {
    return switch (feature) {
      case PCLMUL -> "pclmulqdq";
      case SHA -> "sha_ni";
      case LZCNT -> "abm";
      default -> feature.label();
    };
  }

  @Test
  void theHostsFeaturesAreThoseThatLinuxReports() throws Exception {
    assumeTrue(X86BackEnd.available(), "CPUID needs Linux on x86-64");
    List<String> flags =
        Files.readAllLines(Path.of("/proc/cpuinfo")).stream()
            .filter(line -> line.startsWith("flags"))
            .findFirst()
            .map(line -> List.of(line.substring(line.indexOf(':') + 1).strip().split(" ", -1)))
            .orElseThrow();
    CpuFeatures features = CpuFeatures.probe();
    for (CpuFeature feature : CpuFeature.values()) {
      assertThat(features.has(feature))
          .as(feature.label())
          .isEqualTo(flags.contains(linuxName(feature)));
    }
  }

  @Test
  void featuresAreTakenAway() {
    CpuFeatures all = CpuFeatures.of(CpuFeature.values());
    for (CpuFeature feature : CpuFeature.values()) {
      assertThat(all.without(feature).has(feature)).isFalse();
      assertThat(all.has(feature)).isTrue();
    }
    assertThat(all.without(CpuFeature.BMI1).all()).hasSize(CpuFeature.values().length - 1);
    assertThat(CpuFeatures.of().all()).isEmpty();
  }

  @Test
  void withoutAvxNothingHasItsState() {
    CpuFeatures left = CpuFeatures.of(CpuFeature.values()).without(CpuFeature.AVX);
    assertThat(left.all())
        .doesNotContain(CpuFeature.FMA, CpuFeature.F16C, CpuFeature.AVX2)
        .contains(CpuFeature.BMI2);
  }
}
