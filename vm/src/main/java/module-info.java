import org.jspecify.annotations.NullMarked;

/** One description in, one machine out. */
@NullMarked
module dev.kasuari.vm {
  requires static transitive org.jspecify;
  requires transitive dev.kasuari.boards;
  requires transitive dev.kasuari.block;
  requires transitive dev.kasuari.chardev;
  requires transitive dev.kasuari.net;

  exports dev.kasuari.vm;
}
