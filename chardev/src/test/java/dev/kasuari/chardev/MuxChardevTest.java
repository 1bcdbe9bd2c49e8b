package dev.kasuari.chardev;

import static org.assertj.core.api.Assertions.assertThat;

import dev.kasuari.machine.backend.CharBackend;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

@Tag("fast")
class MuxChardevTest {
  /** A stream whose input a test types. */
  private static final class Typed implements CharBackend {
    final ByteArrayOutputStream shown = new ByteArrayOutputStream();
    @Nullable Receiver receiver;
    boolean closed;

    void type(String text) {
      Receiver to = receiver;
      if (to != null) {
        to.receive(text.getBytes(StandardCharsets.ISO_8859_1));
      }
    }

    @Override
    public String id() {
      return "typed";
    }

    @Override
    public void connect(Receiver newReceiver, Consumer<Runnable> post) {
      receiver = newReceiver;
    }

    @Override
    public int write(byte[] bytes, int offset, int length, Runnable writable) {
      shown.write(bytes, offset, length);
      return length;
    }

    @Override
    public void acceptInput() {}

    @Override
    public void close() {
      closed = true;
    }
  }

  private final Typed typed = new Typed();
  private final AtomicInteger quits = new AtomicInteger();
  private final Recorder guest = new Recorder();

  private MuxChardev mux(boolean interactive) {
    return new MuxChardev(typed, interactive, how -> quits.incrementAndGet());
  }

  @Test
  void ordinaryInputGoesToTheGuest() {
    var mux = mux(true);
    typed.type("ls");
    mux.connect(guest, Runnable::run);
    typed.type("\r");
    assertThat(guest.text()).isEqualTo("ls\r");
    assertThat(guest.events).containsExactly(CharBackend.Event.OPENED);
    assertThat(mux.id()).isEqualTo("typed");
  }

  @Test
  void commandsAreTakenOutEvenWhenTheyComeInPieces() {
    mux(true).connect(guest, Runnable::run);
    typed.type("a\001");
    typed.type("xb\001\001c");
    assertThat(quits).hasValue(1);
    assertThat(guest.text()).isEqualTo("ab\001c");
    assertThat(typed.shown.toString(StandardCharsets.UTF_8)).contains("ended by Ctrl-A x");
  }

  @Test
  void breakHelpMonitorAndUnknownKeys() {
    mux(true).connect(guest, Runnable::run);
    typed.type("\001b\001h\001c\001q");
    assertThat(guest.events).containsExactly(CharBackend.Event.OPENED, CharBackend.Event.BREAK);
    assertThat(typed.shown.toString(StandardCharsets.UTF_8))
        .contains("end the emulator")
        .contains("no monitor yet");
    assertThat(guest.text()).isEmpty();
  }

  @Test
  void theWayOutWorksThoughTheGuestReadsNothing() {
    guest.room = 0;
    mux(true).connect(guest, Runnable::run);
    typed.type("x".repeat(70_000));
    typed.type("\001x");
    assertThat(quits).hasValue(1);
    assertThat(typed.shown.toByteArray()).contains(0x07);
  }

  @Test
  void inputWaitsUntilTheGuestHasRoom() {
    var mux = mux(true);
    guest.room = 2;
    mux.connect(guest, Runnable::run);
    typed.type("abcd");
    typed.type("ef");
    assertThat(guest.text()).isEqualTo("ab");
    guest.room = 3;
    mux.acceptInput();
    assertThat(guest.text()).isEqualTo("abcde");
    guest.room = 3;
    mux.acceptInput();
    assertThat(guest.text()).isEqualTo("abcdef");
  }

  @Test
  void aPipeWaitsForTheGuestAndLosesNothing() throws InterruptedException {
    var mux = mux(false);
    guest.room = 0;
    mux.connect(guest, Runnable::run);
    String all = "0123456789abcdef".repeat(1024);
    var reader =
        Thread.ofPlatform()
            .start(() -> {
              for (int i = 0; i < all.length(); i += 1024) {
                typed.type(all.substring(i, i + 1024));
              }
            });
    while (guest.text().length() < all.length()) {
      guest.room = 1000;
      mux.acceptInput();
      Thread.onSpinWait();
    }
    reader.join();
    assertThat(guest.text()).isEqualTo(all);
  }

  @Test
  void outputPassesAndCloseClosesWhatIsBehind() {
    var mux = mux(true);
    assertThat(mux.write(new byte[] {'o', 'k'}, 0, 2, () -> {})).isEqualTo(2);
    mux.close();
    assertThat(typed.shown.toString(StandardCharsets.UTF_8)).isEqualTo("ok");
    assertThat(typed.closed).isTrue();
  }
}
