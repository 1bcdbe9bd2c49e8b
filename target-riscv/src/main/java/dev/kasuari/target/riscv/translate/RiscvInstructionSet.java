package dev.kasuari.target.riscv.translate;

import dev.kasuari.machine.cpu.Cpu;
import dev.kasuari.softfloat.FloatEnv;
import dev.kasuari.target.riscv.cpu.RiscvCpu;
import dev.kasuari.tcg.InstructionSet;
import dev.kasuari.tcg.Translator;

/** RISC-V for the translator. */
public final class RiscvInstructionSet implements InstructionSet {
  @Override
  public Translator translator(Cpu cpu) {
    return new RiscvTranslator((RiscvCpu) cpu);
  }

  @Override
  public FloatEnv floatEnv() {
    return FloatEnv.riscv();
  }
}
