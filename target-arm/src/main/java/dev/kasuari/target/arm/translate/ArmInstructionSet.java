package dev.kasuari.target.arm.translate;

import dev.kasuari.machine.cpu.Cpu;
import dev.kasuari.softfloat.FloatEnv;
import dev.kasuari.target.arm.cpu.ArmCpu;
import dev.kasuari.tcg.InstructionSet;
import dev.kasuari.tcg.Translator;

/** A64 for the translator. */
public final class ArmInstructionSet implements InstructionSet {
  @Override
  public Translator translator(Cpu cpu) {
    return new A64Translator((ArmCpu) cpu);
  }

  @Override
  public FloatEnv floatEnv() {
    return FloatEnv.arm();
  }
}
