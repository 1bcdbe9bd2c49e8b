package dev.kasuari.block;

import dev.kasuari.block.crypto.Secrets;
import dev.kasuari.qapi.OptionCodec;
import java.util.function.LongConsumer;

/**
 * Changes options of images that are there.
 *
 * @param <O> what {@code amend -o} takes, an {@link dev.kasuari.qapi.Options} record of which all
 *     may be left out
 */
public interface ImageAmender<O> {
  /** What {@code -o} takes. */
  OptionCodec<O> options();

  /**
   * How it is done.
   *
   * @param secrets passwords that options name
   * @param force even what may make the image unreadable
   * @param progress hears how many thousandths are done
   */
  record How(Secrets secrets, boolean force, LongConsumer progress) {}

  /**
   * Changes an image, which is used no more but to be closed.
   *
   * @param node of this format, writable
   * @throws BlockException if that cannot be changed
   */
  void amend(BlockNode node, O options, How how);
}
