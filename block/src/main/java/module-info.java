import org.jspecify.annotations.NullMarked;

/** Disk images: formats, and what is done to them. */
@NullMarked
module dev.kasuari.block {
  requires static transitive org.jspecify;
  requires transitive dev.kasuari.machine;
  requires com.github.luben.zstd_jni;
  requires com.jcraft.jsch;
  requires org.apache.commons.compress;

  exports dev.kasuari.block;
  exports dev.kasuari.block.bitmap;
  exports dev.kasuari.block.crypto;
  exports dev.kasuari.block.file;
  exports dev.kasuari.block.filter;
  exports dev.kasuari.block.job;
  exports dev.kasuari.block.nbd;
  exports dev.kasuari.block.object;
}
