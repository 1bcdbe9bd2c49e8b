import org.jspecify.annotations.NullMarked;

/** Arm: the A64 instruction patterns and what is generated from them. */
@NullMarked
module dev.kasuari.target.arm {
  requires static transitive org.jspecify;
  requires transitive dev.kasuari.machine;
  requires transitive dev.kasuari.tcg;

  exports dev.kasuari.target.arm.cpu;
  exports dev.kasuari.target.arm.isa;
  exports dev.kasuari.target.arm.translate;
}
