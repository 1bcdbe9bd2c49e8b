package dev.kasuari.block.vhdx;

import dev.kasuari.block.BlockDriver;
import dev.kasuari.block.BlockException;
import dev.kasuari.block.BlockNode;
import dev.kasuari.block.ImageCreator;
import dev.kasuari.block.Opening;
import dev.kasuari.block.table.FileBytes;
import dev.kasuari.qapi.OptionCodec;
import dev.kasuari.qapi.Options;
import java.nio.ByteOrder;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** {@code vhdx}: virtual hard disks of Hyper-V. */
public final class VhdxDriver implements BlockDriver<VhdxDriver.Vhdx> {
  private static final long SIGNATURE = 0x656c_6966_7864_6876L; // vhdxfile

  /** It has no options of its own. */
  @Options
  public record Vhdx() {}

  @Override
  public String name() {
    return "vhdx";
  }

  @Override
  public String doc() {
    return "virtual hard disk of Hyper-V";
  }

  @Override
  public OptionCodec<Vhdx> options() {
    return VhdxDriverVhdxCodec.CODEC;
  }

  @Override
  public List<String> slots() {
    return List.of("file", "backing");
  }

  @Override
  public ImageCreator<?> creator() {
    return new VhdxCreator();
  }

  @Override
  public BlockNode open(Vhdx options, Opening opening) {
    BlockNode file = opening.file();
    if (!file.writable()) {
      opening.readOnly();
    }
    requireSignature(file);
    Header header = Header.read(file);
    if (header.logged()) {
      if (!opening.access().writable()) {
        throw new BlockException(
            BlockException.Kind.READ_ONLY,
            "VHDX image file '%s' opened read-only, but contains a log that needs to be replayed"
                    .formatted(file.filename())
                + "; 'kasuari-img check -r all' replays it");
      }
      new Log(file, header).replay();
    }
    Regions regions = Regions.read(file, header);
    return new VhdxNode(opening, file, header, regions, parent(opening, file, regions));
  }

  /** Refuses what is no VHDX at all. */
  static void requireSignature(BlockNode file) {
    if (FileBytes.read(file, 0, 8, ByteOrder.LITTLE_ENDIAN).getLong(0) != SIGNATURE) {
      throw BlockException.invalid("Image not in VHDX format");
    }
  }

  private static @Nullable BlockNode parent(Opening opening, BlockNode file, Regions regions) {
    Regions.Parent said = regions.parent();
    if (said == null) {
      return null;
    }
    String name = said.locator().name();
    BlockNode parent = opening.backingOf(file, name, "vhdx");
    if (parent instanceof VhdxNode image) {
      said.locator().requireFor(image.dataWriteId(), name);
    }
    return parent;
  }
}
