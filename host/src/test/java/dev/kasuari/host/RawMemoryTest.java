package dev.kasuari.host;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.foreign.Arena;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

@Tag("fast")
class RawMemoryTest {
  @Test
  void narrowCompareExchangeTouchesOnlyItsBytes() {
    try (Arena arena = Arena.ofConfined()) {
      long word = arena.allocate(8, 8).address();
      RawMemory.putLong(word, 0x1122334455667788L);
      long at = word + 1;
      byte seen = RawMemory.getByte(at);
      assertThat(RawMemory.compareAndExchange(at, 1, seen, 0x1ff)).isEqualTo(seen & 0xff);
      assertThat(RawMemory.getByte(at)).isEqualTo((byte) 0xff);
      assertThat(RawMemory.compareAndExchange(at, 1, 0, 7)).isEqualTo(0xff);
      assertThat(RawMemory.getLong(word)).isEqualTo(0x112233445566ff88L);
    }
  }

  @Test
  void additionsAndBitsReturnWhatWasThere() {
    try (Arena arena = Arena.ofConfined()) {
      long word = arena.allocate(8, 8).address();
      assertThat(RawMemory.getAndAddLong(word, 5)).isZero();
      assertThat(RawMemory.getAndAddLong(word, -2)).isEqualTo(5);
      assertThat(RawMemory.getAndOrLong(word, 12)).isEqualTo(3);
      assertThat(RawMemory.getAndOrInt(word, 16)).isEqualTo(15);
      assertThat(RawMemory.getLong(word)).isEqualTo(31);
    }
  }

  @Test
  void unalignedAccessesReadWhatWasWritten() {
    try (Arena arena = Arena.ofConfined()) {
      long at = arena.allocate(32, 16).address() + 3;
      RawMemory.putLong(at, 0x0102030405060708L);
      assertThat(RawMemory.getLong(at)).isEqualTo(0x0102030405060708L);
      RawMemory.fill(at, 8, (byte) 0x5a);
      assertThat(RawMemory.getInt(at + 2)).isEqualTo(0x5a5a5a5a);
    }
  }
}
