package dev.kasuari.block.qed;

import dev.kasuari.block.BlockDriver;
import dev.kasuari.block.BlockException;
import dev.kasuari.block.BlockNode;
import dev.kasuari.block.CheckResult;
import dev.kasuari.block.ImageCreator;
import dev.kasuari.block.Opening;
import dev.kasuari.qapi.OptionCodec;
import dev.kasuari.qapi.Options;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** {@code qed}: QEMU's enhanced disk, which qcow2 has overtaken. */
public final class QedDriver implements BlockDriver<QedDriver.Qed> {
  /** It has no options of its own. */
  @Options
  public record Qed() {}

  @Override
  public String name() {
    return "qed";
  }

  @Override
  public String doc() {
    return "QEMU enhanced disk";
  }

  @Override
  public OptionCodec<Qed> options() {
    return QedDriverQedCodec.CODEC;
  }

  @Override
  public List<String> slots() {
    return List.of("file", "backing");
  }

  @Override
  public ImageCreator<?> creator() {
    return new QedCreator();
  }

  @Override
  public BlockNode open(Qed options, Opening opening) {
    BlockNode file = opening.file();
    if (!file.writable()) {
      opening.readOnly();
    }
    Header header = Header.read(file);
    QedNode node = new QedNode(opening, file, backing(opening, file, header), header);
    boolean unsure = (header.features & Header.NEED_CHECK) != 0;
    if (unsure && opening.access().writable() && !opening.access().recovery()) {
      CheckResult result = node.check(CheckResult.Repair.ALL, line -> {});
      if (result.corruptions() > 0) {
        throw BlockException.corrupt("qed: the image was not closed, and cannot be repaired");
      }
    }
    return node;
  }

  private static @Nullable BlockNode backing(Opening opening, BlockNode file, Header header) {
    return opening.backingOf(file, header.backingFile, header.backingFormat());
  }
}
