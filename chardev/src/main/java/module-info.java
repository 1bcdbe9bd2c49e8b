import org.jspecify.annotations.NullMarked;

/** Character streams: the terminal, files, nothing; escapes in front of them. */
@NullMarked
module dev.kasuari.chardev {
  requires static transitive org.jspecify;
  requires transitive dev.kasuari.machine;

  exports dev.kasuari.chardev;
}
