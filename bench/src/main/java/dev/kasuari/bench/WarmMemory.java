package dev.kasuari.bench;

import dev.kasuari.host.HostMemory;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * Has free memory of the host be there before a program is timed. A host that is a virtual machine
 * itself may have to get pages that nobody has used for a while from its hypervisor, which takes
 * longer than anything a program does with them: it would be paid by whoever runs first, or uses a
 * page more than the one before.
 */
public final class WarmMemory {
  private static final Path FREE = Path.of("/proc/meminfo");
  private static final int PAGE = 4096;

  /** Some times what a machine of the suite has: with as much, boots still met absent pages. */
  private static final long MOST = 4L << 30;

  private WarmMemory() {}

  /** Touches memory, some times what a program uses, and gives it back at once. */
  public static void touch() throws IOException {
    long size = Math.min(MOST, free() / 2);
    try (HostMemory memory = HostMemory.anonymous(Math.max(size, PAGE))) {
      MemorySegment bytes = memory.segment();
      for (long at = 0; at < bytes.byteSize(); at += PAGE) {
        bytes.set(ValueLayout.JAVA_BYTE, at, (byte) 1);
      }
    }
  }

  /** Free bytes without what would have to be written first; see proc(5), {@code MemFree}. */
  private static long free() throws IOException {
    try (var lines = Files.lines(FREE)) {
      return lines
          .filter(line -> line.startsWith("MemFree:"))
          .mapToLong(line -> Long.parseLong(line.replaceAll("[^0-9]", "")) << 10)
          .findFirst()
          .orElse(0);
    }
  }
}
