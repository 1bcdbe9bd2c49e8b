package dev.kasuari.block.qcow2;

import dev.kasuari.block.BlockException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/** Refuses headers that make no sense, before anything is allocated by what they say. */
final class HeaderCheck {
  static final long MAX_L1_BYTES = 32 << 20;
  static final long MAX_REFCOUNT_TABLE_BYTES = 8 << 20;
  static final int MAX_SNAPSHOTS = 65536;

  /** Offsets have 56 bits. */
  static final long MAX_OFFSET = 1L << 56;

  private static final long KNOWN_INCOMPATIBLE =
      Header.DIRTY
          | Header.CORRUPT
          | Header.EXTERNAL_DATA
          | Header.COMPRESSION_TYPE
          | Header.EXTENDED_L2;

  private HeaderCheck() {}

  static void refuseNonsense(Header h, int length) {
    if (h.version < 2 || h.version > 3) {
      throw BlockException.notSupported("Unsupported qcow2 version " + h.version);
    }
    if (h.clusterBits < 9 || h.clusterBits > 21) {
      throw BlockException.invalid("Unsupported cluster size: 2^" + h.clusterBits);
    }
    if (h.version == 3) {
      refuseLength(h, length);
      h.setHeaderLength(length);
    }
    if (h.refcountOrder < 0 || h.refcountOrder > 6) {
      throw BlockException.invalid("Reference count entry width too large; may not exceed 64 bits");
    }
    if (h.has(Header.EXTENDED_L2) && h.clusterBits < 14) {
      throw BlockException.invalid("Extended L2 entries need clusters of at least 16 KiB");
    }
    if (h.cryptMethod < 0 || h.cryptMethod > 2) {
      throw BlockException.invalid(
          "Unsupported encryption method " + Integer.toUnsignedString(h.cryptMethod));
    }
    refuseTables(h);
  }

  private static void refuseLength(Header h, int length) {
    if (length < 104) {
      throw BlockException.invalid("qcow2 header too short");
    }
    if (length > 1 << h.clusterBits) {
      throw BlockException.invalid("qcow2 header exceeds cluster size");
    }
    if ((length & 7) != 0) {
      throw BlockException.invalid("qcow2 header length is not a multiple of 8");
    }
  }

  private static void refuseTables(Header h) {
    Geometry g = h.geometry();
    if (h.size < 0) {
      throw BlockException.invalid("the disk's size is negative");
    }
    if (h.refcountTableClusters < 0
        || h.refcountTableClusters > MAX_REFCOUNT_TABLE_BYTES >> h.clusterBits) {
      throw BlockException.invalid(
          "Image does not contain a reference count table, or one too large");
    }
    refuseOffset(
        g,
        h.refcountTableOffset,
        (long) h.refcountTableClusters << h.clusterBits,
        "Reference count table");
    if (h.snapshotCount < 0 || h.snapshotCount > MAX_SNAPSHOTS) {
      throw BlockException.invalid("Snapshot table too large");
    }
    refuseOffset(g, h.snapshotsOffset, h.snapshotCount * 40L, "Snapshot table");
    if (h.l1Size < 0 || h.l1Size * 8L > MAX_L1_BYTES) {
      throw BlockException.invalid("Active L1 table too large");
    }
    if (g.l1Entries(h.size) > h.l1Size) {
      throw BlockException.invalid("L1 table is too small");
    }
    refuseOffset(g, h.l1Offset, h.l1Size * 8L, "Active L1 table");
  }

  /** An offset of a table that is not aligned, or reaches too far. */
  static void refuseOffset(Geometry g, long offset, long bytes, String what) {
    if (offset < 0 || offset > MAX_OFFSET - bytes || (offset & g.clusterMask()) != 0) {
      throw BlockException.invalid(what + " offset invalid");
    }
  }

  static void refuseUnknownFeatures(Header h) {
    long unknown = h.incompatible & ~KNOWN_INCOMPATIBLE;
    if (unknown != 0) {
      throw BlockException.notSupported("Unsupported qcow2 feature(s): " + names(h, unknown));
    }
    boolean typed = h.has(Header.COMPRESSION_TYPE);
    if (typed != (h.compressionType != 0)) {
      throw BlockException.invalid(
          typed
              ? "Compression type bit must not be set for zlib"
              : "Compression type bit must be set for other types than zlib");
    }
    if (h.compressionType > 1) {
      throw BlockException.notSupported("Unknown compression type: " + h.compressionType);
    }
  }

  private static String names(Header h, long bits) {
    List<String> names = new ArrayList<>();
    Header.Extension table = h.extension(Header.EXTENSION_FEATURES);
    for (int bit = 0; bit < 64; bit++) {
      if ((bits >>> bit & 1) != 0) {
        names.add(name(table == null ? new byte[0] : table.data(), bit));
      }
    }
    return String.join(", ", names);
  }

  private static String name(byte[] table, int bit) {
    for (int at = 0; at + 48 <= table.length; at += 48) {
      if (table[at] == 0 && table[at + 1] == bit) {
        String name = new String(table, at + 2, 46, StandardCharsets.UTF_8);
        int end = name.indexOf('\0');
        return end < 0 ? name : name.substring(0, end);
      }
    }
    return "Unknown incompatible feature: " + Long.toHexString(1L << bit);
  }
}
