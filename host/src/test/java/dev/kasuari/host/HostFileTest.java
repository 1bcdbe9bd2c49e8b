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
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

@Tag("fast")
@EnabledOnOs(OS.LINUX)
class HostFileTest {
  @TempDir Path directory;

  private HostFile create(String name) {
    return HostFile.open(
        directory.resolve(name).toString(), HostFile.Mode.WRITE, HostFile.Mode.CREATE);
  }

  @Test
  void bytesGoInAndOutOfNativeMemory() throws IOException {
    try (HostFile file = create("f");
        HostMemory memory = HostMemory.anonymous(8192)) {
      memory.segment().set(ValueLayout.JAVA_INT, 0, 0x04030201);
      file.write(memory.segment().asSlice(0, 4), 10);
      file.sync();
      assertThat(Files.readAllBytes(Path.of(file.path()))).endsWith(1, 2, 3, 4).hasSize(14);
      assertThat(file.read(memory.segment(), 12)).isEqualTo(2);
      assertThat(memory.segment().get(ValueLayout.JAVA_SHORT, 0)).isEqualTo((short) 0x0403);
      file.truncate(4096);
      assertThat(file.size()).isEqualTo(4096);
    }
  }

  @Test
  void holesAreMadeAndFound() {
    try (HostFile file = create("holes");
        Arena arena = Arena.ofConfined()) {
      MemorySegment ones = arena.allocate(1 << 20);
      ones.fill((byte) 1);
      file.write(ones, 0);
      file.punchHole(65536, 65536);
      MemorySegment back = arena.allocate(8);
      assertThat(file.read(back, 65536)).isEqualTo(8);
      assertThat(back.get(ValueLayout.JAVA_LONG, 0)).isZero();
      assertThat(file.nextHole(0)).isEqualTo(65536);
      assertThat(file.nextData(65536)).isEqualTo(131072);
      assertThat(file.nextData(1 << 20)).isEqualTo(-1);
    }
  }

  @Test
  void locksExcludeEachOtherAlsoInOneProcess() {
    try (HostFile two = create("locked")) {
      try (HostFile one = create("locked")) {
        assertThat(one.tryLock(100, false)).isTrue();
        assertThat(two.tryLock(100, false)).isTrue();
        assertThat(two.tryLock(100, true)).isFalse();
        assertThat(two.tryLock(101, true)).isTrue();
      }
      assertThat(two.tryLock(100, true)).isTrue();
    }
  }

  @Test
  void whatCannotBeOpenedSaysWhy() {
    String path = directory.resolve("missing").toString();
    assertThatThrownBy(() -> HostFile.open(path))
        .isInstanceOfSatisfying(
            HostException.class, e -> assertThat(e.errno().number()).isEqualTo(Errno.ENOENT))
        .hasMessage("open(" + path + "): ENOENT: No such file or directory");
  }

  @Test
  void eventsAreCounted() {
    try (EventFd event = EventFd.create()) {
      assertThat(event.drain()).isZero();
      event.signal();
      event.signal();
      assertThat(event.drain()).isEqualTo(2);
      assertThat(event.drain()).isZero();
    }
  }
}
