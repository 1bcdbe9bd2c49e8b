package dev.kasuari.img;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.kasuari.block.BlockException;
import dev.kasuari.block.BlockNode;
import java.io.OutputStream;
import java.io.PrintStream;
import java.lang.foreign.MemorySegment;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

@Tag("fast")
class CopyTest {
  private static final int PARTS = 200;
  private static final int THREADS = 4;

  /** Takes its time to read, and knows how many readers it had at once. */
  private static final class Slow extends NumberedDisk {
    private final AtomicInteger readers = new AtomicInteger();
    private final AtomicInteger most = new AtomicInteger();

    Slow() {
      super(PARTS);
    }

    @Override
    protected void readAt(long offset, MemorySegment to) {
      most.accumulateAndGet(readers.incrementAndGet(), Math::max);
      try {
        Thread.sleep(2);
      } catch (InterruptedException e) {
        throw new AssertionError(e);
      }
      super.readAt(offset, to);
      readers.decrementAndGet();
    }
  }

  private static void copy(BlockNode from, BlockNode to, boolean ordered) {
    var plan = new Copy.Plan(0, false, null, false, 0, THREADS, ordered, false, new Rate(0));
    var nowhere = new PrintStream(OutputStream.nullOutputStream());
    try (var progress = new Progress(nowhere, false, from.size())) {
      new Copy(from, to, 0, plan, progress).all();
    }
  }

  @Test
  void partsAreWrittenInARow() {
    var to = new NumberedDisk(PARTS);
    copy(new NumberedDisk(PARTS), to, true);
    assertThat(to.written()).hasSize(PARTS).isSorted();
  }

  @Test
  void moreThreadsReadWhereWritingWaits() {
    var from = new Slow();
    var to = new NumberedDisk(PARTS);
    copy(from, to, true);
    assertThat(from.most).hasValue(THREADS);
    assertThat(to.written()).hasSize(PARTS).isSorted();
  }

  @Test
  void writesInAnyOrderWaitForNobody() {
    var late =
        new NumberedDisk(PARTS) {
          @Override
          protected void readAt(long offset, MemorySegment to) {
            super.readAt(offset, to);
            while (offset == 0 && written().size() < PARTS / 2) {
              Thread.onSpinWait();
            }
          }
        };
    copy(late, late, false);
    assertThat(late.written()).hasSize(PARTS).doesNotHaveDuplicates();
    assertThat(late.written().indexOf(0)).isGreaterThanOrEqualTo(PARTS / 2);
  }

  @Test
  void whoFailsEndsAll() {
    var failing =
        new NumberedDisk(PARTS) {
          @Override
          protected void writeAt(long offset, MemorySegment from) {
            throw new BlockException(BlockException.Kind.NO_SPACE, "full");
          }
        };
    assertThatThrownBy(() -> copy(new Slow(), failing, true)).hasMessageContaining("full");
    assertThatThrownBy(() -> copy(new Slow(), failing, false)).hasMessageContaining("full");
  }
}
