import org.jspecify.annotations.NullMarked;

/** The demo guest: a miniature RISC-V kernel and its disk, made in memory. */
@NullMarked
module dev.kasuari.demo {
  requires static transitive org.jspecify;
  requires dev.kasuari.target.riscv;

  exports dev.kasuari.demo;
}
