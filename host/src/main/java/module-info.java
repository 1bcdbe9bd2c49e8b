import org.jspecify.annotations.NullMarked;

/**
 * The operating system through the foreign function and memory API, typed and documented. The only
 * module that uses restricted methods.
 */
@NullMarked
module dev.kasuari.host {
  requires static transitive org.jspecify;

  exports dev.kasuari.host;
}
