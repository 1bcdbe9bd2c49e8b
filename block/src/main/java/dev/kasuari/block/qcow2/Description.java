package dev.kasuari.block.qcow2;

import dev.kasuari.block.ImageNode;
import dev.kasuari.qapi.Json;
import java.util.LinkedHashMap;

/** What an image says of itself, in the words of {@code info}. */
final class Description {
  private Description() {}

  static ImageNode.Facts of(Qcow2Node image) {
    Header h = image.header;
    var specific = new LinkedHashMap<String, Json>();
    specific.put("compat", new Json.Text(h.version == 2 ? "0.10" : "1.1"));
    specific.put("compression-type", new Json.Text(h.compressionType == 0 ? "zlib" : "zstd"));
    if (h.version == 3) {
      boolean lazy = (h.compatible & Header.LAZY_REFCOUNTS) != 0;
      specific.put("lazy-refcounts", new Json.Bool(lazy));
    }
    Json bitmaps = StoredBitmaps.describe(image);
    if (bitmaps != null) {
      specific.put("bitmaps", bitmaps);
    }
    specific.put("refcount-bits", Json.Num.of(1L << h.refcountOrder));
    if (h.dataFile() != null) {
      specific.put("data-file", new Json.Text(String.valueOf(h.dataFile())));
    }
    if (h.has(Header.EXTERNAL_DATA)) {
      specific.put("data-file-raw", new Json.Bool((h.autoclear & Header.RAW_EXTERNAL) != 0));
    }
    Json.Members encryption = Encryption.describe(image);
    if (encryption != null) {
      specific.put("encrypt", encryption);
    }
    if (h.version == 3) {
      specific.put("corrupt", new Json.Bool(h.has(Header.CORRUPT)));
      specific.put("extended-l2", new Json.Bool(h.has(Header.EXTENDED_L2)));
    }
    return new ImageNode.Facts(
        image.g.clusterSize(),
        h.has(Header.DIRTY),
        h.cryptMethod != 0,
        h.backingFile,
        h.backingFormat(),
        new Json.Members(specific));
  }
}
