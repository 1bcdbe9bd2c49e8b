package dev.kasuari.it.random;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.kasuari.tcg.x86_64.X86BackEnd;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** A short {@link Marathon}, from the same seed each time. */
@Tag("guest")
class RandomGuestsTest {
  private static final long SEED = Long.getLong("kasuari.random.seed", 20_261);
  private static final int SECONDS = Integer.getInteger("kasuari.random.seconds", 20);

  @Test
  void guestsDoTheSameOnBothBackEnds() throws InterruptedException {
    assumeTrue(X86BackEnd.available(), "machine code needs Linux on x86-64");
    var text = new ByteArrayOutputStream();
    var marathon = new Marathon(SEED, new PrintStream(text, true, StandardCharsets.UTF_8));
    boolean same = marathon.run(SECONDS);
    String report = text.toString(StandardCharsets.UTF_8);
    System.out.printf("random guests from seed %d: %s", SEED, report);
    assertThat(same).as(report).isTrue();
    assertThat(marathon.traps()).isGreaterThan(10 * marathon.guests());
  }

  @Test
  void aSeedMeansOneGuest() throws InterruptedException {
    var first = GuestRun.interpreted(RandomGuest.of(7));
    var second = GuestRun.interpreted(RandomGuest.of(7));
    assertThat(first.difference(second)).isEmpty();
    assertThat(first.traps()).hasSizeGreaterThan(20);
  }
}
