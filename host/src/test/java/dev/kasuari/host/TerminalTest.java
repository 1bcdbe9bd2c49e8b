package dev.kasuari.host;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;

@Tag("fast")
@EnabledOnOs(OS.LINUX)
class TerminalTest {
  private static final int LFLAG = 12;

  @Test
  void rawModeIsPutBack() {
    try (HostFile pty = HostFile.open("/dev/ptmx", HostFile.Mode.WRITE);
        Arena arena = Arena.ofConfined()) {
      assertThat(Terminal.isTerminal(pty.fd())).isTrue();
      byte[] before = attributes(arena, pty.fd());
      Terminal raw = Terminal.raw(pty.fd(), false);
      MemorySegment during = MemorySegment.ofArray(attributes(arena, pty.fd()));
      int local = during.get(ValueLayout.JAVA_INT_UNALIGNED, LFLAG);
      assertThat(local & (0x8 | 0x2 | 0x1)).as("ECHO, ICANON, ISIG").isZero();
      assertThat(during.get(ValueLayout.JAVA_INT_UNALIGNED, 4) & 1).as("OPOST").isOne();
      raw.close();
      raw.close();
      assertThat(attributes(arena, pty.fd())).isEqualTo(before);
      assertThat(Terminal.size(pty.fd())).isEqualTo(new Terminal.Size(0, 0));
    }
  }

  @Test
  void aFileIsNoTerminal() {
    try (HostFile file = HostFile.open("/dev/null")) {
      assertThat(Terminal.isTerminal(file.fd())).isFalse();
      assertThatThrownBy(() -> Terminal.raw(file.fd(), true))
          .isInstanceOf(HostException.class)
          .hasMessageMatching("tcgetattr\\(fd=\\d+\\): ENOTTY: .*");
    }
  }

  private static byte[] attributes(Arena arena, int fd) {
    MemorySegment termios = arena.allocate(256, 8);
    Libc.tcgetattr(fd, termios);
    return termios.toArray(ValueLayout.JAVA_BYTE);
  }
}
