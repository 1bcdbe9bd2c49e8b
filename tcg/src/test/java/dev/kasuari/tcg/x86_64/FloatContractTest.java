package dev.kasuari.tcg.x86_64;

import static java.nio.charset.StandardCharsets.UTF_8;
import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;

import dev.kasuari.softfloat.FloatEnv;
import dev.kasuari.tcg.ir.FpDesc;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/**
 * The whole contract is written down in {@code float-contract.txt}, so that a row which becomes
 * slower, or is no longer checked, shows in a diff.
 */
@Tag("fast")
class FloatContractTest {
  private static final CpuFeatures ALL = CpuFeatures.of(CpuFeature.values());

  @Test
  void theTableIsWhatIsWrittenDown() throws Exception {
    List<String> table = new ArrayList<>();
    add(table, "RISC-V", FloatEnv.riscv(), ALL);
    add(table, "RISC-V, without SSE4.1, FMA, F16C", FloatEnv.riscv(), CpuFeatures.of());
    add(table, "Arm", FloatEnv.arm(), ALL);
    add(table, "x86", FloatEnv.x86Sse(), ALL);
    Path actual = Files.writeString(Path.of("target", "float-contract.txt"), text(table));
    try (var in = FloatContractTest.class.getResourceAsStream("float-contract.txt")) {
      String expected = new String(requireNonNull(in).readAllBytes(), UTF_8);
      assertThat(text(table))
          .as("the contract, which is also in %s", actual.toAbsolutePath())
          .isEqualTo(expected);
    }
  }

  private static String text(List<String> lines) {
    return String.join("\n", lines) + "\n";
  }

  private static void add(List<String> table, String name, FloatEnv env, CpuFeatures features) {
    table.add("== " + name);
    var contract = new FloatContract(env, features);
    for (FloatRow row : FloatRow.all()) {
      table.add("%-28s %s".formatted(row.name(), modes(contract, row)));
    }
  }

  /** Modes that are alike are written together: {@code dyn,rne,rtz: rounding; rmm: soft}. */
  private static String modes(FloatContract contract, FloatRow row) {
    Map<String, List<String>> ways = new LinkedHashMap<>();
    for (int mode : row.modes()) {
      long desc = row.desc().rounding(mode).bits();
      int checks = contract.checks(row.op(), row.type(), row.argument(), desc);
      ways.computeIfAbsent(FloatContract.describe(checks), way -> new ArrayList<>())
          .add(name(mode));
    }
    if (ways.size() == 1) {
      return ways.keySet().iterator().next();
    }
    List<String> parts = new ArrayList<>();
    ways.forEach((way, modes) -> parts.add(String.join(",", modes) + ": " + way));
    return String.join("; ", parts);
  }

  private static String name(int mode) {
    return mode == FpDesc.DYNAMIC
        ? "dyn"
        : List.of("rne", "rtz", "rdn", "rup", "rmm", "odd").get(mode);
  }
}
