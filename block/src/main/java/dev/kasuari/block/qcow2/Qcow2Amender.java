package dev.kasuari.block.qcow2;

import dev.kasuari.block.BlockException;
import dev.kasuari.block.BlockNode;
import dev.kasuari.block.ImageAmender;
import dev.kasuari.block.Preallocation;
import dev.kasuari.block.luks.KeySlots;
import dev.kasuari.block.luks.Luks;
import dev.kasuari.qapi.OptionCodec;
import dev.kasuari.qapi.Options;
import org.jspecify.annotations.Nullable;

/**
 * Changes images. What makes each change true is one sector, the header's, with everything that it
 * names there before; what is not needed any more is freed afterwards.
 */
final class Qcow2Amender implements ImageAmender<Qcow2Amender.Amendment> {
  /**
   * What can be changed.
   *
   * @param encrypt Keyslots of the encryption header
   * @param compat Compatibility level (v2 [0.10] or v3 [1.1])
   * @param backingFile File name of a base image
   * @param backingFmt Image format of the base image
   * @param size Virtual disk size
   * @param dataFile File name of an external data file
   * @param dataFileRaw The external data file must stay valid as a raw image
   * @param lazyRefcounts Postpone refcount updates
   * @param refcountBits Width of a reference count entry in bits
   */
  @Options
  record Amendment(
      @Nullable KeySlots encrypt,
      Qcow2Creator.@Nullable Compat compat,
      @Options.Name("backing_file") @Nullable String backingFile,
      @Options.Name("backing_fmt") @Nullable String backingFmt,
      @Options.Size @Nullable Long size,
      @Options.Name("data_file") @Nullable String dataFile,
      @Options.Name("data_file_raw") @Nullable Boolean dataFileRaw,
      @Options.Name("lazy_refcounts") @Nullable Boolean lazyRefcounts,
      @Options.Name("refcount_bits") @Nullable Integer refcountBits) {
    /** The version that the image shall have. */
    int version(int now) {
      if (compat == null) {
        return now;
      }
      return compat == Qcow2Creator.Compat.V0_10 || compat == Qcow2Creator.Compat.V2 ? 2 : 3;
    }
  }

  @Override
  public OptionCodec<Amendment> options() {
    return Qcow2AmenderAmendmentCodec.CODEC;
  }

  @Override
  public void amend(BlockNode node, Amendment o, How how) {
    Qcow2Node image = (Qcow2Node) node;
    Header h = image.header;
    int version = o.version(h.version);
    refuseNonsense(image, o, version);
    if (version > h.version) {
      header(image, () -> h.version = 3);
    }
    if (o.encrypt() != null) {
      Luks luks = Luks.read(Encryption.area(h, image.file));
      o.encrypt().apply(luks, image.secret(), how);
    }
    if (o.dataFileRaw() != null && !o.dataFileRaw()) {
      header(image, () -> h.autoclear &= ~Header.RAW_EXTERNAL);
    }
    String dataFile = o.dataFile();
    if (dataFile != null) {
      header(
          image,
          () -> h.setExtension(Header.EXTENSION_DATA_FILE, dataFile.isEmpty() ? null : dataFile));
    }
    if (o.lazyRefcounts() != null && h.version == 3) {
      lazy(image, o.lazyRefcounts());
    }
    if (o.size() != null) {
      node.truncate(o.size(), Preallocation.OFF);
    }
    boolean downgrades = version < h.version;
    if (downgrades) {
      expand(image);
    }
    if (o.refcountBits() != null && o.refcountBits() != 1 << h.refcountOrder) {
      image.storedBitmaps().store();
      int order = Integer.numberOfTrailingZeros(o.refcountBits());
      new RefcountWidth(image).change(order, how.progress());
    }
    if (downgrades) {
      header(image, new Downgrade(image)::run);
    }
    how.progress().accept(1000);
  }

  private static void refuseNonsense(Qcow2Node image, Amendment o, int version) {
    Header h = image.header;
    int bits = o.refcountBits() == null ? 1 << h.refcountOrder : o.refcountBits();
    if (bits < 1 || bits > 64 || Integer.bitCount(bits) != 1) {
      throw BlockException.invalid(
          "Refcount width must be a power of two and may not exceed 64 bits");
    }
    if (version == 2 && bits != 16 && o.refcountBits() == null) {
      throw BlockException.invalid("compat=0.10 requires refcount_bits=16");
    }
    if (version == 2 && bits != 16) {
      throw BlockException.invalid(
          "Refcount widths other than 16 bits require compatibility level 1.1 or above (use"
              + " compat=1.1 or greater)");
    }
    if (version == 2 && o.lazyRefcounts() != null && o.lazyRefcounts()) {
      throw BlockException.invalid(
          "Lazy refcounts only supported with compatibility level 1.1 and above (use compat=1.1 or"
              + " greater)");
    }
    if (o.encrypt() != null && h.cryptMethod == 0) {
      throw BlockException.notSupported("Can't amend encryption options - encryption not present");
    }
    if (o.encrypt() != null && h.cryptMethod != Encryption.LUKS) {
      throw BlockException.notSupported("Only LUKS encryption options can be amended");
    }
    boolean otherFile = o.backingFile() != null && !o.backingFile().equals(h.backingFile);
    boolean otherFormat = o.backingFmt() != null && !o.backingFmt().equals(h.backingFormat());
    if (otherFile || otherFormat) {
      throw BlockException.invalid(
          "Cannot amend the backing file\nYou can use 'kasuari-img rebase' instead.");
    }
    if (o.dataFile() != null && !h.has(Header.EXTERNAL_DATA)) {
      throw BlockException.invalid(
          "data-file can only be set for images that use an external data file");
    }
    boolean raw = (h.autoclear & Header.RAW_EXTERNAL) != 0;
    if (o.dataFileRaw() != null && o.dataFileRaw() && !raw) {
      throw BlockException.invalid("data-file-raw cannot be set on existing images");
    }
    if (version == 2 && h.version == 3) {
      new Downgrade(image).refuseImpossible(o.size() == null ? h.size : o.size());
    }
  }

  /** Changes the header as one. */
  private static void header(Qcow2Node image, Runnable change) {
    image.commit.flush();
    image.locked(() -> {
      change.run();
      image.header.update(image.file);
      return true;
    });
  }

  private static void lazy(Qcow2Node image, boolean on) {
    image.commit.alone(() -> {
      image.commit.settle();
      image.commit.setDirty(false);
    });
    header(
        image,
        () -> {
          long bit = Header.LAZY_REFCOUNTS;
          image.header.compatible =
              on ? image.header.compatible | bit : image.header.compatible & ~bit;
        });
  }

  /** Version 2 has no clusters that are zero: with a backing file they become data. */
  private static void expand(Qcow2Node image) {
    if ((image.header.compatible & Header.LAZY_REFCOUNTS) != 0) {
      lazy(image, false);
    }
    image.expandZeroes();
    image.commit.flush();
  }
}
