package dev.kasuari.tcg.x86_64;

import dev.kasuari.host.ExecutableMemory;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.function.LongPredicate;
import org.jspecify.annotations.Nullable;

/**
 * Room for the code of a machine: the stubs, then a ring of segments. Code is added to one segment
 * until it is full; what was in a segment is given up as a whole when its turn comes again.
 */
final class CodeSpace implements AutoCloseable {
  private static final int SEGMENTS = 8;

  /** Code begins at a multiple of this. */
  private static final int ALIGNMENT = 16;

  private final ExecutableMemory memory;
  private final long segmentBytes;
  private long firstSegment;
  private final List<List<X86Code>> contents = new ArrayList<>();
  private int segment;
  private long end;
  private boolean stuck;

  /** Code by its number; never shrinks. */
  private volatile @Nullable X86Code[] codes = new @Nullable X86Code[1024];

  private int numbers;
  private final ArrayDeque<Integer> freeNumbers = new ArrayDeque<>();

  /**
   * @param bytes a positive multiple of 4096
   * @param stubBytes the most that the stubs need
   */
  CodeSpace(long bytes, int stubBytes) {
    memory = ExecutableMemory.allocate(bytes);
    firstSegment = stubBytes;
    segmentBytes = (bytes - stubBytes) / SEGMENTS & -ALIGNMENT;
    end = firstSegment;
    for (int i = 0; i < SEGMENTS; i++) {
      contents.add(new ArrayList<>());
    }
  }

  ExecutableMemory memory() {
    return memory;
  }

  /** Bytes that the largest unit may have. */
  long segmentBytes() {
    return segmentBytes;
  }

  private long segmentStart(int number) {
    return firstSegment + number * segmentBytes;
  }

  /**
   * Puts code where it can run.
   *
   * @return null if there is no room
   */
  synchronized @Nullable X86Code add(Unplaced unplaced) {
    int size = unplaced.length();
    if (end + size > segmentStart(segment) + segmentBytes) {
      return null;
    }
    long offset = end;
    end += size;
    int number = freeNumbers.isEmpty() ? numbers++ : freeNumbers.remove();
    byte[] bytes = unplaced.place(memory.address() + offset, number);
    long entry = memory.publish(offset, bytes, size);
    X86Code code = unplaced.finish(this, number, entry);
    remember(number, code);
    contents.get(segment).add(code);
    return code;
  }

  private void remember(int number, @Nullable X86Code code) {
    @Nullable X86Code[] known = codes;
    if (number >= known.length) {
      known = Arrays.copyOf(known, 2 * known.length);
    }
    known[number] = code;
    codes = known;
  }

  /** The code with a number that a site named. */
  X86Code code(int number) {
    X86Code code = codes[number];
    if (code == null) {
      throw new IllegalStateException("no code has number " + number);
    }
    return code;
  }

  /** The code that an address lies in, or null. */
  @Nullable X86Code codeAround(long address) {
    for (X86Code code : codes) {
      if (code != null && code.contains(address)) {
        return code;
      }
    }
    return null;
  }

  /**
   * Empties the next segment. Nobody runs code.
   *
   * @param inUse says of an address whether somebody will go on there
   * @return what is gone
   */
  synchronized Set<X86Code> reclaim(List<Long> inUse) {
    for (int step = 1; step <= SEGMENTS; step++) {
      int next = (segment + step) % SEGMENTS;
      long start = memory.address() + segmentStart(next);
      LongPredicate inside = at -> at >= start && at < start + segmentBytes;
      if (inUse.stream().noneMatch(inside::test)) {
        return empty(next);
      }
    }
    stuck = true;
    return Set.of();
  }

  private Set<X86Code> empty(int next) {
    var gone = new HashSet<>(contents.get(next));
    contents.get(next).clear();
    for (X86Code code : gone) {
      remember(code.number(), null);
      freeNumbers.add(code.number());
    }
    segment = next;
    end = segmentStart(next);
    return gone;
  }

  /** Whether the last {@link #reclaim} found nothing that could be given up; once. */
  synchronized boolean takeStuck() {
    boolean was = stuck;
    stuck = false;
    return was;
  }

  // ---- patches, while others run the code ------------------------------------------------------

  /** Makes the jump whose distance is at an address, a multiple of 4, lead somewhere. */
  void patchDistance(long at, long target) {
    memory.patch(at - memory.address(), (int) (target - (at + 4)));
  }

  /**
   * Makes a conditional jump with a distance of 32 bits, at an even address, unconditional: a NOP
   * and a jump of one byte less, which leads to the same place.
   */
  void patchAlways(long at) {
    memory.patchShort(at - memory.address(), (short) 0xe990);
  }

  @Override
  public void close() {
    memory.close();
  }
}
