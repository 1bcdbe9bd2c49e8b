import org.jspecify.annotations.NullMarked;

/**
 * Loaders: what a user gives as kernel, firmware, initrd and devicetree, understood, checked and
 * put into memory; and the flattened devicetree itself.
 */
@NullMarked
module dev.kasuari.boot {
  requires static transitive org.jspecify;
  requires transitive dev.kasuari.machine;

  exports dev.kasuari.boot;
}
