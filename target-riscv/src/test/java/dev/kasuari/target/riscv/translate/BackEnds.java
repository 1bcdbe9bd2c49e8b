package dev.kasuari.target.riscv.translate;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.kasuari.softfloat.FloatEnv;
import dev.kasuari.tcg.BackEnd;
import dev.kasuari.tcg.interp.Interpreter;
import dev.kasuari.tcg.x86_64.CpuFeature;
import dev.kasuari.tcg.x86_64.X86BackEnd;
import java.util.EnumSet;
import java.util.Set;

/** What guests run on, by the names of {@code -accel tcg,backend=}. */
final class BackEnds {
  private static final int ROOM = 16 << 20;

  private BackEnds() {}

  /**
   * A new one, {@code without} a feature of the host's or with all, and {@code cold} for one that
   * interprets units once before it compiles them; the test is skipped where the host cannot have
   * it.
   */
  static BackEnd named(String name) {
    if (name.equals("interp")) {
      return new Interpreter();
    }
    assumeTrue(X86BackEnd.available(), "machine code needs Linux on x86-64");
    Set<CpuFeature> without =
        name.endsWith(" without cx16") ? EnumSet.of(CpuFeature.CX16) : Set.of();
    int coldRuns = name.endsWith(" cold") ? 1 : 0;
    return new X86BackEnd(FloatEnv.riscv(), ROOM, without, coldRuns);
  }
}
