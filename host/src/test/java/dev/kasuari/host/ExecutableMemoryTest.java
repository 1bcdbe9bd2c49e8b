package dev.kasuari.host;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HexFormat;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

@Tag("fast")
class ExecutableMemoryTest {
  /** {@code lea rax, [rdi + rsi]; ret}. */
  private static final byte[] ADD = HexFormat.of().parseHex("488d0437c3");

  /** {@code mov eax, 1; ret}, the immediate at a multiple of 4 when published at 3. */
  private static final byte[] ONE = HexFormat.of().parseHex("b801000000c3");

  @BeforeEach
  void hostCanRunIt() {
    assumeTrue(FaultHandler.supported(), "machine code for x86-64 needs Linux on x86-64");
  }

  /** Of shared anonymous memory, which perf knows by this name. */
  private static List<String> mappings() throws IOException {
    return Files.readAllLines(Path.of("/proc/self/maps")).stream()
        .filter(line -> line.endsWith(" /dev/zero (deleted)"))
        .toList();
  }

  @Test
  void publishedCodeRuns() {
    try (var memory = ExecutableMemory.allocate(4096)) {
      long at = memory.publish(64, ADD, ADD.length);
      assertThat(at).isEqualTo(memory.address() + 64);
      assertThat(NativeFunction.at(at).call(40, 2)).isEqualTo(42);
      assertThat(NativeFunction.at(at).call(-1, Long.MIN_VALUE)).isEqualTo(Long.MAX_VALUE);
    }
  }

  @Test
  void patchedCodeRunsWithItsNewBytes() {
    try (var memory = ExecutableMemory.allocate(4096)) {
      NativeFunction one = NativeFunction.at(memory.publish(3, ONE, ONE.length));
      assertThat(one.call(0, 0)).isEqualTo(1);
      memory.patch(4, 7);
      assertThat(one.call(0, 0)).isEqualTo(7);
      assertThatThrownBy(() -> memory.patch(5, 7)).isInstanceOf(IllegalArgumentException.class);
      assertThatThrownBy(() -> memory.patch(4096, 7)).isInstanceOf(IllegalArgumentException.class);
    }
  }

  @Test
  void noPageIsWritableAndExecutable() throws IOException {
    List<String> before = mappings();
    try (var memory = ExecutableMemory.allocate(3 * 4096)) {
      memory.publish(0, ADD, ADD.length);
      assertThat(mappings())
          .hasSize(before.size() + 2)
          .containsAll(before)
          .noneMatch(line -> line.contains("wx"))
          .anyMatch(line ->
              line.startsWith("%x-".formatted(memory.address())) && line.contains(" r-xs "));
    }
    assertThat(mappings()).isEqualTo(before);
  }

  @Test
  void roomIsWholePagesAndBounded() {
    assertThatThrownBy(() -> ExecutableMemory.allocate(100)).hasMessageContaining("100 bytes");
    try (var memory = ExecutableMemory.allocate(4096)) {
      assertThatThrownBy(() -> memory.publish(4094, ADD, ADD.length))
          .isInstanceOf(IndexOutOfBoundsException.class);
    }
  }

  @Test
  void closingTwiceIsHarmlessAndUseAfterwardsIsRefused() {
    var memory = ExecutableMemory.allocate(4096);
    memory.close();
    memory.close();
    assertThatThrownBy(() -> memory.publish(0, ADD, ADD.length))
        .isInstanceOf(IllegalStateException.class);
  }
}
