package dev.kasuari.host;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

@Tag("fast")
class HostMemoryTest {
  @Test
  void anonymousMemoryIsZeroWritableAndGivenBack() throws IOException {
    MemorySegment segment;
    long address;
    try (HostMemory memory = HostMemory.anonymous(16 << 20)) {
      segment = memory.segment();
      address = memory.address();
      assertThat(address % 4096).isZero();
      assertThat(segment.get(ValueLayout.JAVA_LONG, (16 << 20) - 8)).isZero();
      RawMemory.putLong(address + 64, 42);
      assertThat(segment.get(ValueLayout.JAVA_LONG, 64)).isEqualTo(42);
      memory.discard(0, 4096);
      assertThat(segment.get(ValueLayout.JAVA_LONG, 64)).isZero();
      assertThat(mapped(address)).isTrue();
    }
    assertThat(mapped(address)).isFalse();
    assertThatThrownBy(() -> segment.get(ValueLayout.JAVA_LONG, 64))
        .isInstanceOf(IllegalStateException.class);
  }

  @Test
  void pagesOfAnArenaAreZeroAndGoWithIt() throws IOException {
    MemorySegment pages;
    try (Arena arena = Arena.ofShared()) {
      pages = HostMemory.pages(arena, (2 << 20) + 1);
      assertThat(pages.byteSize()).isEqualTo((2 << 20) + 1);
      assertThat(pages.address() % 4096).isZero();
      assertThat(pages.get(ValueLayout.JAVA_BYTE, 2 << 20)).isZero();
      assertThat(mapped(pages.address())).isTrue();
    }
    assertThat(mapped(pages.address())).isFalse();
    assertThat(pages.scope().isAlive()).isFalse();
    try (Arena arena = Arena.ofConfined()) {
      assertThatThrownBy(() -> HostMemory.pages(arena, 1L << 60))
          .hasMessage("mmap(length=1152921504606846976): ENOMEM: Cannot allocate memory");
    }
  }

  @Test
  void moreThanTheHostHasSaysWhatWasAskedAndWhy() {
    assertThatThrownBy(() -> HostMemory.anonymous(1L << 60))
        .isInstanceOf(HostException.class)
        .hasMessage("mmap(length=1152921504606846976): ENOMEM: Cannot allocate memory");
    assertThatThrownBy(() -> HostMemory.anonymous(0)).isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void sharedMemoryIsSealedAndCopiesAreTheirOwn() {
    try (HostMemory base = HostMemory.shared("test", 8192)) {
      base.segment().set(ValueLayout.JAVA_INT, 0, 7);
      int fd = base.fd();
      assertThatThrownBy(() -> Libc.ftruncate(fd, 4096))
          .hasMessageContaining("ftruncate")
          .hasMessageContaining("EPERM");
      try (HostMemory copy = HostMemory.copyOf(base)) {
        assertThat(copy.segment().get(ValueLayout.JAVA_INT, 0)).isEqualTo(7);
        copy.segment().set(ValueLayout.JAVA_INT, 0, 8);
        assertThat(base.segment().get(ValueLayout.JAVA_INT, 0)).isEqualTo(7);
      }
    }
  }

  private static boolean mapped(long address) throws IOException {
    for (String line : Files.readAllLines(Path.of("/proc/self/maps"))) {
      String[] range = line.substring(0, line.indexOf(' ')).split("-", 2);
      if (Long.compareUnsigned(address, Long.parseUnsignedLong(range[0], 16)) >= 0
          && Long.compareUnsigned(address, Long.parseUnsignedLong(range[1], 16)) < 0) {
        return true;
      }
    }
    return false;
  }
}
