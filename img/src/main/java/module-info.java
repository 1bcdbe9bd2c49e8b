import org.jspecify.annotations.NullMarked;

/** The command line of disk images. */
@NullMarked
module dev.kasuari.img {
  requires static transitive org.jspecify;
  requires transitive dev.kasuari.block;

  exports dev.kasuari.img;
  exports dev.kasuari.img.daemon;
  exports dev.kasuari.img.io;
  exports dev.kasuari.img.nbd;
}
