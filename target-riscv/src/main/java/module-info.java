import org.jspecify.annotations.NullMarked;

/** RISC-V: instruction patterns, and what is generated from them. */
@NullMarked
module dev.kasuari.target.riscv {
  requires static transitive org.jspecify;

  exports dev.kasuari.target.riscv.asm;
  exports dev.kasuari.target.riscv.isa;
}
