import org.jspecify.annotations.NullMarked;

/** Machine types: what is wired where, and how each starts. */
@NullMarked
module dev.kasuari.boards {
  requires static transitive org.jspecify;
  requires transitive dev.kasuari.boot;
  requires transitive dev.kasuari.hw;
  requires transitive dev.kasuari.machine;
  requires transitive dev.kasuari.target.arm;
  requires transitive dev.kasuari.target.riscv;
  requires transitive dev.kasuari.tcg;

  exports dev.kasuari.boards;
}
