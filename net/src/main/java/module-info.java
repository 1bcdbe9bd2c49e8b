import org.jspecify.annotations.NullMarked;

/** What network cables lead to. */
@NullMarked
module dev.kasuari.net {
  requires static transitive org.jspecify;
  requires transitive dev.kasuari.machine;

  exports dev.kasuari.net;
}
