import org.jspecify.annotations.NullMarked;

/** The command line of disk images. */
@NullMarked
module dev.kasuari.img {
  requires static transitive org.jspecify;
  requires dev.kasuari.block;

  exports dev.kasuari.img;
}
