package dev.kasuari.block.filter;

import dev.kasuari.block.BlockException;
import dev.kasuari.block.BlockException.Kind;
import dev.kasuari.block.BlockNode;
import dev.kasuari.block.BlockStatus;
import dev.kasuari.block.Opening;
import dev.kasuari.block.Preallocation;
import dev.kasuari.block.filter.QuorumDriver.ReadPattern;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** Nodes that vote. */
final class QuorumNode extends BlockNode {
  /** So much is compared at once. */
  private static final long PIECE = 1 << 20;

  private final List<BlockNode> nodes;
  private final QuorumDriver.Quorum options;

  QuorumNode(Opening opening, List<BlockNode> nodes, QuorumDriver.Quorum options) {
    super(opening);
    this.nodes = List.copyOf(nodes);
    this.options = options;
  }

  @Override
  public long size() {
    return nodes.getFirst().size();
  }

  @Override
  protected void readAt(long offset, MemorySegment to) {
    if (options.readPattern() == ReadPattern.FIFO) {
      first(offset, to);
      return;
    }
    long size = to.byteSize();
    for (long at = 0; at < size; at += PIECE) {
      vote(offset + at, to.asSlice(at, Math.min(PIECE, size - at)));
    }
  }

  private void first(long offset, MemorySegment to) {
    BlockException failure = null;
    for (BlockNode node : nodes) {
      try {
        node.read(offset, to);
        return;
      } catch (BlockException e) {
        failure = e;
      }
    }
    throw failure == null ? new BlockException(Kind.IO_ERROR, Kind.IO_ERROR.text()) : failure;
  }

  /** What one node says, or null if it says nothing. */
  private record Vote(BlockNode node, @Nullable MemorySegment bytes) {}

  private void vote(long offset, MemorySegment to) {
    try (Arena arena = Arena.ofConfined()) {
      List<Vote> votes = new ArrayList<>();
      for (BlockNode node : nodes) {
        votes.add(ask(node, offset, arena.allocate(to.byteSize())));
      }
      if (options.blkverify()) {
        refuseDifference(offset, votes);
      }
      MemorySegment best = winner(votes);
      if (best == null) {
        throw new BlockException(
            Kind.IO_ERROR, "the nodes of quorum '" + name() + "' do not agree");
      }
      to.copyFrom(best);
      if (options.rewriteCorrupted() && writable()) {
        rewrite(offset, votes, best);
      }
    }
  }

  private static Vote ask(BlockNode node, long offset, MemorySegment to) {
    try {
      node.read(offset, to);
      return new Vote(node, to);
    } catch (BlockException e) {
      return new Vote(node, null);
    }
  }

  private static void refuseDifference(long offset, List<Vote> votes) {
    MemorySegment one = votes.getFirst().bytes;
    MemorySegment two = votes.getLast().bytes;
    long at = one == null || two == null ? -1 : one.mismatch(two);
    if (at >= 0) {
      throw BlockException.corrupt("quorum: the nodes differ at offset " + (offset + at));
    }
  }

  private @Nullable MemorySegment winner(List<Vote> votes) {
    MemorySegment best = null;
    int most = 0;
    for (Vote one : votes) {
      MemorySegment bytes = one.bytes;
      if (bytes == null) {
        continue;
      }
      int count = 0;
      for (Vote other : votes) {
        count += other.bytes != null && bytes.mismatch(other.bytes) < 0 ? 1 : 0;
      }
      if (count > most) {
        most = count;
        best = bytes;
      }
    }
    return most >= options.voteThreshold() ? best : null;
  }

  private static void rewrite(long offset, List<Vote> votes, MemorySegment best) {
    for (Vote vote : votes) {
      if (vote.bytes != null && vote.bytes.mismatch(best) >= 0) {
        try {
          vote.node.write(offset, best);
        } catch (BlockException e) {
          // it stays outvoted
        }
      }
    }
  }

  private void all(Consumer<BlockNode> work) {
    int good = 0;
    BlockException failure = null;
    for (BlockNode node : nodes) {
      try {
        work.accept(node);
        good++;
      } catch (BlockException e) {
        failure = e;
      }
    }
    if (good < options.voteThreshold() && failure != null) {
      throw failure;
    }
  }

  @Override
  protected void writeAt(long offset, MemorySegment from) {
    all(node -> node.write(offset, from));
  }

  @Override
  protected void zeroAt(long offset, long length, boolean mayUnmap) {
    all(node -> node.writeZeroes(offset, length, mayUnmap));
  }

  /** One that would take long has them all write. */
  @Override
  protected boolean zeroQuicklyAt(long offset, long length, boolean mayUnmap) {
    boolean[] quick = {true};
    all(node -> quick[0] &= node.zeroQuickly(offset, length, mayUnmap));
    return quick[0];
  }

  @Override
  protected void discardAt(long offset, long length) {
    all(node -> node.discard(offset, length));
  }

  @Override
  protected void flushNow() {
    all(BlockNode::flush);
  }

  @Override
  protected void truncateTo(long size, Preallocation preallocation) {
    nodes.forEach(node -> node.truncate(size, preallocation));
  }

  @Override
  protected BlockStatus statusAt(long offset, long length) {
    return BlockStatus.packed(length);
  }
}
