import org.jspecify.annotations.NullMarked;

/** Dynamic translation: IR, soft MMU, code cache, vCPU loop and back ends. */
@NullMarked
module dev.kasuari.tcg {
  requires static transitive org.jspecify;
  requires transitive dev.kasuari.machine;
  requires transitive dev.kasuari.softfloat;

  exports dev.kasuari.tcg;
  exports dev.kasuari.tcg.interp;
  exports dev.kasuari.tcg.ir;
  exports dev.kasuari.tcg.listing;
  exports dev.kasuari.tcg.lockstep;
  exports dev.kasuari.tcg.vector;
  exports dev.kasuari.tcg.x86_64;
}
