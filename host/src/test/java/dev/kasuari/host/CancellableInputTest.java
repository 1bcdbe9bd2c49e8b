package dev.kasuari.host;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;

@Tag("fast")
@DisabledOnOs(OS.WINDOWS)
class CancellableInputTest {
  @Test
  void readsToTheEndAndAWaitingReaderCanBeSentHome() throws InterruptedException {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment pipe = arena.allocate(8, 4);
      Libc.pipe(pipe);
      int out = pipe.get(ValueLayout.JAVA_INT, 4);
      byte[] buffer = new byte[16];
      try (var input = new CancellableInput(pipe.get(ValueLayout.JAVA_INT, 0))) {
        Libc.write(out, arena.allocateFrom("hello").asSlice(0, 5));
        assertThat(input.read(buffer)).isEqualTo(5);
        assertThat(new String(buffer, 0, 5, StandardCharsets.UTF_8)).isEqualTo("hello");
        var reader = Thread.ofPlatform().start(() -> input.read(buffer));
        input.cancel();
        reader.join(10_000);
        assertThat(reader.isAlive()).isFalse();
        assertThat(input.read(buffer)).isEqualTo(-1);
      }
      try (var input = new CancellableInput(pipe.get(ValueLayout.JAVA_INT, 0))) {
        Libc.close(out);
        assertThat(input.read(buffer)).isEqualTo(-1);
      }
      Libc.close(pipe.get(ValueLayout.JAVA_INT, 0));
    }
  }

  @Test
  void memoryIsNotTakenFromUnderAReaderThatWaits() throws InterruptedException {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment pipe = arena.allocate(8, 4);
      Libc.pipe(pipe);
      var input = new CancellableInput(pipe.get(ValueLayout.JAVA_INT, 0));
      int[] read = {0};
      var reader = Thread.ofPlatform().start(() -> read[0] = input.read(new byte[16]));
      input.close();
      reader.join(10_000);
      assertThat(reader.isAlive()).isFalse();
      assertThat(read[0]).isEqualTo(-1);
      Libc.close(pipe.get(ValueLayout.JAVA_INT, 0));
      Libc.close(pipe.get(ValueLayout.JAVA_INT, 4));
    }
  }
}
