import org.jspecify.annotations.NullMarked;

/** RISC-V: instruction patterns and what is generated from them, harts, and the built-in SBI. */
@NullMarked
module dev.kasuari.target.riscv {
  requires static transitive org.jspecify;
  requires transitive dev.kasuari.machine;
  requires transitive dev.kasuari.tcg;

  exports dev.kasuari.target.riscv.asm;
  exports dev.kasuari.target.riscv.cpu;
  exports dev.kasuari.target.riscv.isa;
  exports dev.kasuari.target.riscv.sbi;
  exports dev.kasuari.target.riscv.translate;
}
