package dev.kasuari.img;

import static dev.kasuari.img.NumberedDisk.PART;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.kasuari.block.BlockException;
import dev.kasuari.block.BlockNode;
import java.io.OutputStream;
import java.io.PrintStream;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Whatever thread finds it: what comes first on the disk is what is said. */
@Tag("fast")
class ComparisonTest {
  private static final int PARTS = 50;

  /** Differs in the sector at 1024 of some parts, and cannot be read in others. */
  private static NumberedDisk disk(Set<Integer> different, Set<Integer> unreadable) {
    return new NumberedDisk(PARTS) {
      @Override
      protected void readAt(long offset, MemorySegment to) {
        int part = (int) (offset / PART);
        if (unreadable.contains(part)) {
          throw new BlockException(BlockException.Kind.IO_ERROR, "gone");
        }
        super.readAt(offset, to);
        if (different.contains(part)) {
          to.set(ValueLayout.JAVA_BYTE, 1500, (byte) 1);
        }
      }
    };
  }

  private static @Nullable String compared(BlockNode one, BlockNode two) {
    var nowhere = new PrintStream(OutputStream.nullOutputStream());
    try (var progress = new Progress(nowhere, false, one.size())) {
      return new Comparison(
              new Comparison.Side(one, "one"),
              new Comparison.Side(two, "two"),
              one.size(),
              false,
              progress)
          .run();
    }
  }

  @Test
  void disksAreTheSame() {
    assertThat(compared(disk(Set.of(), Set.of()), disk(Set.of(), Set.of()))).isNull();
  }

  @Test
  void theFirstDifferenceIsTold() {
    var same = disk(Set.of(), Set.of());
    for (int round = 0; round < 20; round++) {
      assertThat(compared(same, disk(Set.of(7, 8, 9, 10, 40), Set.of(11, 12))))
          .isEqualTo("Content mismatch at offset %d!", 7L * PART + 1024);
    }
  }

  @Test
  void aFailureBeforeItCounts() {
    var same = disk(Set.of(), Set.of());
    for (int round = 0; round < 20; round++) {
      assertThatThrownBy(() -> compared(same, disk(Set.of(7, 8, 9), Set.of(6, 10))))
          .isInstanceOf(ToolException.class)
          .hasMessage("Error while reading offset %d of two: Input/output error", 6L * PART)
          .extracting(e -> ((ToolException) e).code())
          .isEqualTo(4);
    }
  }
}
