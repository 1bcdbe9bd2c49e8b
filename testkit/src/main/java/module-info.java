import org.jspecify.annotations.NullMarked;

/** Tests devices without firmware: poke a register, advance time, assert the line. */
@NullMarked
module dev.kasuari.testkit {
  requires static transitive org.jspecify;
  requires transitive dev.kasuari.machine;
  requires transitive org.assertj.core;

  exports dev.kasuari.testkit;
}
