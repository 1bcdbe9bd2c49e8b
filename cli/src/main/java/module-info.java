import org.jspecify.annotations.NullMarked;

/** The command line. */
@NullMarked
module dev.kasuari.cli {
  requires static transitive org.jspecify;
  requires dev.kasuari.bench;
  requires dev.kasuari.demo;
  requires dev.kasuari.guests;
  requires dev.kasuari.img;
  requires dev.kasuari.vm;
}
