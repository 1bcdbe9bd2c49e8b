package dev.kasuari.host;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.RandomAccessFile;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;

@Tag("fast")
@Timeout(30)
@EnabledOnOs({OS.LINUX, OS.MAC})
class PseudoTerminalTest {
  private static int write(PseudoTerminal pty, String text) {
    byte[] bytes = text.getBytes(StandardCharsets.US_ASCII);
    return pty.write(bytes, 0, bytes.length);
  }

  @Test
  void bytesPassUnchangedInBothDirectionsAndTheOtherEndMayBeOpenedAgain() throws Exception {
    try (PseudoTerminal pty = PseudoTerminal.open();
        CancellableInput input = new CancellableInput(pty.fd())) {
      assertThat(pty.path()).startsWith("/dev/");
      for (String text : new String[] {"first\n\r\003", "second\n"}) {
        assertThat(pty.attached()).isFalse();
        assertThat(write(pty, "lost")).isEqualTo(4);
        try (var other = new RandomAccessFile(pty.path(), "rw")) {
          assertThat(pty.attached()).isTrue();
          other.write(text.getBytes(StandardCharsets.US_ASCII));
          byte[] got = new byte[text.length()];
          assertThat(input.read(got)).isEqualTo(text.length());
          assertThat(new String(got, StandardCharsets.US_ASCII)).isEqualTo(text);
          assertThat(write(pty, text)).isEqualTo(text.length());
          other.readFully(got);
          assertThat(new String(got, StandardCharsets.US_ASCII)).isEqualTo(text);
        }
        assertThat(input.read(new byte[1])).isEqualTo(-1);
      }
    }
  }

  @Test
  void aReaderThatDoesNotReadBlocksNobody() throws Exception {
    try (PseudoTerminal pty = PseudoTerminal.open();
        var other = new RandomAccessFile(pty.path(), "rw")) {
      int taken = fill(pty);
      other.readFully(new byte[taken]);
      assertThat(write(pty, "more")).isEqualTo(4);
    }
  }

  private static int fill(PseudoTerminal pty) {
    byte[] much = new byte[1 << 20];
    int taken = 0;
    for (int n = -1; n != 0; taken += n) {
      n = pty.write(much, taken, much.length - taken);
    }
    assertThat(taken).isLessThan(much.length);
    return taken;
  }

  @Test
  void whoeverWaitsForRoomGoesOnWhenSomethingIsReadOrTheReaderLeaves() throws Exception {
    try (PseudoTerminal pty = PseudoTerminal.open()) {
      pty.awaitRoom(); // nobody is there
      Thread last;
      try (var other = new RandomAccessFile(pty.path(), "rw")) {
        pty.awaitRoom(); // nothing is written
        Thread waits = fillAndWait(pty);
        while (pty.unread()) {
          assertThat(other.read(new byte[1000])).isPositive();
        }
        waits.join();
        assertThat(write(pty, "more")).isEqualTo(4);
        last = fillAndWait(pty);
      }
      last.join();
    }
  }

  @Test
  void whoeverWaitsForRoomGoesOnWhenItIsClosed() throws Exception {
    PseudoTerminal pty = PseudoTerminal.open();
    try (var other = new RandomAccessFile(pty.path(), "rw")) {
      Thread waits = fillAndWait(pty);
      assertThat(other.getFD().valid()).isTrue();
      pty.close();
      waits.join();
      pty.awaitRoom();
    }
  }

  /**
   * The host may make room a little later, when it takes bytes from one of its buffers to another.
   */
  private static Thread fillAndWait(PseudoTerminal pty) throws InterruptedException {
    while (true) {
      fill(pty);
      Thread waits = Thread.ofPlatform().daemon(true).start(pty::awaitRoom);
      waits.join(50);
      if (waits.isAlive()) {
        return waits;
      }
    }
  }

  @Test
  void itIsKnownWhetherAllThatWasWrittenIsRead() throws Exception {
    try (PseudoTerminal pty = PseudoTerminal.open()) {
      assertThat(pty.unread()).isFalse();
      try (var other = new RandomAccessFile(pty.path(), "rw")) {
        assertThat(pty.unread()).isFalse();
        int taken = fill(pty);
        for (int left = taken; left > 0; left--) {
          if (left < 10 || left % 1000 == 0) {
            assertThat(pty.unread()).as("%d left", left).isTrue();
          }
          assertThat(other.read()).isZero();
        }
        assertThat(pty.unread()).isFalse();
        write(pty, "x");
        assertThat(pty.unread()).isTrue();
      }
      assertThat(pty.unread()).isFalse();
    }
  }

  @Test
  void nothingHappensAfterItIsClosed() {
    PseudoTerminal pty = PseudoTerminal.open();
    pty.close();
    pty.close();
    assertThat(pty.attached()).isFalse();
    assertThat(write(pty, "lost")).isEqualTo(4);
    assertThat(pty.size()).isEqualTo(new Terminal.Size(0, 0));
  }
}
