package dev.kasuari.tcg;

import dev.kasuari.machine.cpu.Cpu;
import dev.kasuari.softfloat.FloatEnv;

/** What an architecture brings so that its CPUs can be translated. */
public interface InstructionSet {
  /** A translator for one CPU, used by that CPU's thread only. */
  Translator translator(Cpu cpu);

  /** A new environment with the architecture's choices where IEEE 754 leaves one. */
  FloatEnv floatEnv();
}
