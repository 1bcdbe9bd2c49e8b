import org.jspecify.annotations.NullMarked;

/** Options, commands and their schema, declared once as records. */
@NullMarked
module dev.kasuari.qapi {
  requires static transitive org.jspecify;

  exports dev.kasuari.qapi;
}
