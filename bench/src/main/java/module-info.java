import org.jspecify.annotations.NullMarked;

/** Side-by-side runs of the same guests in Kasuari and its peers. */
@NullMarked
module dev.kasuari.bench {
  requires static transitive org.jspecify;
  requires dev.kasuari.guests;
  requires dev.kasuari.host;
  requires dev.kasuari.qapi;

  exports dev.kasuari.bench;
}
