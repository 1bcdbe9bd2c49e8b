package dev.kasuari.block.luks;

import dev.kasuari.block.BlockNode;
import dev.kasuari.block.ImageAmender;
import dev.kasuari.qapi.OptionCodec;

/** Changes passwords. */
final class LuksAmender implements ImageAmender<KeySlots> {
  @Override
  public OptionCodec<KeySlots> options() {
    return KeySlotsCodec.CODEC;
  }

  @Override
  public void amend(BlockNode node, KeySlots options, How how) {
    ((LuksNode) node).change(options, how);
    how.progress().accept(1000);
  }
}
