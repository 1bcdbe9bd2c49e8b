import org.jspecify.annotations.NullMarked;

/** Arm: the A64 instruction patterns and what is generated from them. */
@NullMarked
module dev.kasuari.target.arm {
  requires static transitive org.jspecify;

  exports dev.kasuari.target.arm.isa;
}
