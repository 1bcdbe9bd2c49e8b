package dev.kasuari.block.filter;

import dev.kasuari.block.BlockNode;
import dev.kasuari.block.Opening;
import dev.kasuari.qapi.OptionException;
import dev.kasuari.qapi.Options;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * {@code blkdebug}: makes requests fail by rules, and insists on limits that the node below does
 * not have.
 */
public final class BlkdebugDriver extends FilterDriver<BlkdebugDriver.Blkdebug> {
  /**
   * What is to happen.
   *
   * @param config a file of rules
   * @param align requests below are multiples of it, bytes; a power of two
   * @param maxTransfer requests below are not larger, bytes; a multiple of align
   * @param optWriteZero no others are zeroed without writing; a multiple of align
   * @param maxWriteZero requests that zero are not larger, bytes
   * @param optDiscard accepted; discards are handed on as they come
   * @param maxDiscard discards are not larger, bytes
   * @param injectError rules by which requests fail
   * @param setState rules by which the state changes
   */
  @Options
  public record Blkdebug(
      @Nullable String config,
      @Options.Default("0") @Options.Size long align,
      @Options.Default("0") @Options.Size long maxTransfer,
      @Options.Default("0") @Options.Size long optWriteZero,
      @Options.Default("0") @Options.Size long maxWriteZero,
      @Options.Default("0") @Options.Size long optDiscard,
      @Options.Default("0") @Options.Size long maxDiscard,
      @Nullable List<InjectError> injectError,
      @Nullable List<SetState> setState) {}

  /** Kinds of requests. */
  public enum IoType {
    /** Reads. */
    READ,
    /** Writes. */
    WRITE,
    /** Writes of zeroes that are none of data. */
    WRITE_ZEROES,
    /** Discards. */
    DISCARD,
    /** Flushes. */
    FLUSH,
    /** Looks at what is known of a range. */
    BLOCK_STATUS
  }

  /**
   * From an event on requests fail, until another event with such a rule.
   *
   * @param event what the format above is about to do; none for from the start
   * @param state the state in which the rule applies; 0 for any
   * @param iotype which requests; reads, writes, zeroes, discards and flushes if left out
   * @param errno the error
   * @param sector only requests that touch this sector of 512 bytes; -1 for all
   * @param once only one request
   * @param immediately before the request gets anywhere; it never does here
   */
  @Options
  public record InjectError(
      String event,
      @Options.Default("0") int state,
      @Nullable IoType iotype,
      @Options.Default("5") int errno,
      @Options.Default("-1") long sector,
      @Options.Default("off") boolean once,
      @Options.Default("off") boolean immediately) {}

  /**
   * An event changes the state.
   *
   * @param event which
   * @param state the state in which the rule applies; 0 for any
   * @param newState the state from then on
   */
  @Options
  public record SetState(
      String event, @Options.Default("0") int state, @Options.Name("new_state") int newState) {}

  /** The driver. */
  public BlkdebugDriver() {
    super("blkdebug", "errors by rule, for tests", BlkdebugDriverBlkdebugCodec.CODEC, "image");
  }

  @Override
  public BlockNode open(Blkdebug options, Opening opening) {
    String where = opening.where();
    check(where, options);
    var errors = new ArrayList<InjectError>();
    var states = new ArrayList<SetState>();
    String config = options.config();
    if (config != null) {
      BlkdebugConfig.read(config, errors, states);
    }
    errors.addAll(options.injectError() == null ? List.of() : options.injectError());
    states.addAll(options.setState() == null ? List.of() : options.setState());
    for (InjectError rule : errors) {
      BlkdebugEvents.check(where, rule.event());
    }
    for (SetState rule : states) {
      BlkdebugEvents.check(where, rule.event());
    }
    BlockNode image = opening.filtered("image");
    return new BlkdebugNode(opening, image, options, new BlkdebugRules(errors, states));
  }

  private static void check(String where, Blkdebug o) {
    long align = o.align();
    if (align != 0 && (Long.bitCount(align) != 1 || align > 1 << 30)) {
      throw new OptionException(
          where + ": Cannot meet constraints with align " + align + ": it must be a power of two");
    }
    for (long limit :
        List.of(
            o.maxTransfer(), o.maxWriteZero(), o.optWriteZero(), o.maxDiscard(), o.optDiscard())) {
      if (limit != 0 && limit % Math.max(align, 1) != 0) {
        throw new OptionException(
            where + ": Cannot meet constraints with " + limit + ": it must be a multiple of align");
      }
    }
  }
}
