package dev.kasuari.block.qcow2;

import dev.kasuari.block.BlockException;
import dev.kasuari.block.BlockNode;
import dev.kasuari.block.Zeroes;
import dev.kasuari.block.crypto.EncryptedBytes;
import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;

/**
 * Where guest bytes are: in the image's file, or in a data file of their own ("External data file")
 * at the guest's offsets; as they are, or encrypted.
 */
final class GuestData {
  /** How guest bytes are encrypted. */
  enum Encryption {
    NONE,
    /** Sectors are numbered as the guest does. */
    AES,
    /** Sectors are numbered by where they are in the file. */
    LUKS
  }

  private final BlockNode node;
  private final Encryption encryption;
  private final @Nullable EncryptedBytes bytes;
  private final boolean external;
  private final boolean raw;

  private GuestData(
      BlockNode node,
      Encryption encryption,
      @Nullable EncryptedBytes bytes,
      boolean external,
      boolean raw) {
    this.node = node;
    this.encryption = encryption;
    this.bytes = bytes;
    this.external = external;
    this.raw = raw;
  }

  /** Of such an image. */
  static GuestData of(
      Header header,
      BlockNode file,
      @Nullable BlockNode dataFile,
      Encryption encryption,
      @Nullable EncryptedBytes bytes) {
    boolean raw = dataFile != null && (header.autoclear & Header.RAW_EXTERNAL) != 0;
    return new GuestData(
        dataFile == null ? file : dataFile, encryption, bytes, dataFile != null, raw);
  }

  /** True if they are in a file of their own. */
  boolean external() {
    return external;
  }

  /** True if that file must read as the disk does. */
  boolean raw() {
    return raw;
  }

  boolean encrypted() {
    return encryption != Encryption.NONE;
  }

  BlockNode node() {
    return node;
  }

  private EncryptedBytes bytes() {
    if (bytes == null) {
      throw BlockException.invalid("Parameter 'encrypt.key-secret' is required for cipher");
    }
    return bytes;
  }

  /**
   * Reads.
   *
   * @param host where, as entries say
   * @param guest which bytes these are
   */
  void read(long host, long guest, MemorySegment to) {
    long at = host & ~Geometry.EXTERNAL;
    switch (encryption) {
      case NONE -> node.read(at, to);
      case AES -> bytes().read(node, at, guest, to);
      case LUKS -> bytes().read(node, at, at, to);
    }
  }

  void write(long host, long guest, MemorySegment from) {
    long at = host & ~Geometry.EXTERNAL;
    switch (encryption) {
      case NONE -> node.write(at, from);
      case AES -> bytes().write(node, at, guest, from);
      case LUKS -> bytes().write(node, at, at, from);
    }
  }

  /** Makes bytes read as zero through {@link #read}. */
  void zero(long host, long guest, long length) {
    if (!encrypted()) {
      node.writeZeroes(host & ~Geometry.EXTERNAL, length, false);
      return;
    }
    for (long done = 0; done < length; ) {
      MemorySegment zeroes = Zeroes.some(length - done);
      write(host + done, guest + done, zeroes);
      done += zeroes.byteSize();
    }
  }

  /** Data is on the medium before the image names it. */
  void flush() {
    if (external) {
      node.flush();
    }
  }
}
