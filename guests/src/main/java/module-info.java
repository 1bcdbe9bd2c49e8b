import org.jspecify.annotations.NullMarked;

/**
 * Real guests by Debian package name: fetching, unpacking, and the initrds that make them usable.
 * For the demonstration and for tests; no machine depends on it.
 */
@NullMarked
module dev.kasuari.guests {
  requires static transitive org.jspecify;
  requires java.net.http;
  requires org.apache.commons.compress;
  requires org.tukaani.xz;

  exports dev.kasuari.guests;
}
