package dev.kasuari.hw.serial;

import static org.assertj.core.api.Assertions.assertThat;

import dev.kasuari.machine.memory.RamBlock;
import dev.kasuari.testkit.DeviceContract;
import dev.kasuari.testkit.DeviceProbe;
import dev.kasuari.testkit.TestBench;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

@Tag("fast")
class HtifTest {
  private static final long FROMHOST = Htif.FROMHOST;
  private static final long TOHOST = Htif.TOHOST;
  private static final long GETCHAR = 1L << 56;
  private static final long PUTCHAR = 1L << 56 | 1L << 48;

  private final TestBench bench = new TestBench();
  private final OtherEnd other = new OtherEnd();
  private final DeviceProbe<Htif> htif = bench.plug(Htif.of(other));

  @AfterEach
  void close() {
    bench.close();
  }

  private void ask(long request) {
    htif.write64(TOHOST, request);
  }

  /** The answer, which is thereby read. */
  private long answer() throws InterruptedException {
    bench.awaitPosts();
    long answer = htif.read64(FROMHOST);
    htif.write64(FROMHOST, 0);
    return answer;
  }

  // Ending.

  @Test
  void anOddPayloadEndsTheMachineWithACode() throws InterruptedException {
    ask(300 << 1 | 1);
    assertThat(bench.awaitShutdown().exitCode()).isEqualTo(300);
    assertThat(htif.read64(TOHOST)).isZero();
  }

  @Test
  void theUpperHalfBeginsARequest() throws InterruptedException {
    htif.write32(TOHOST, 5 << 1 | 1);
    bench.awaitPosts();
    assertThat(htif.read64(TOHOST)).isEqualTo(11);
    assertThat(bench.machine().awaitShutdown(0, TimeUnit.NANOSECONDS)).isNull();
    htif.write32(TOHOST + 4, 0);
    assertThat(bench.awaitShutdown().exitCode()).isEqualTo(5);
  }

  // The console.

  @Test
  void printsAndAnswers() throws InterruptedException {
    ask(PUTCHAR | 'H');
    assertThat(htif.read64(TOHOST)).isZero();
    assertThat(answer()).isEqualTo(PUTCHAR | 0x100 | 'H');
    htif.write32(TOHOST, 'i');
    htif.write32(TOHOST + 4, (int) (PUTCHAR >>> 32));
    assertThat(htif.read32(FROMHOST)).isEqualTo(0x100 | 'i');
    assertThat(htif.read32(FROMHOST + 4)).isEqualTo((int) (PUTCHAR >>> 32));
    assertThat(other.heard()).isEqualTo("Hi");
  }

  @Test
  void aCharacterWaitsForRoom() throws InterruptedException {
    other.room(0);
    ask(PUTCHAR | 'a');
    assertThat(htif.read64(TOHOST)).isEqualTo(PUTCHAR | 'a');
    assertThat(answer()).isZero();
    ask(PUTCHAR | 'b'); // by a guest that does not look: lost
    htif.saveAndRestore();
    other.room(9);
    assertThat(answer()).isEqualTo(PUTCHAR | 0x100 | 'a');
    assertThat(htif.read64(TOHOST)).isZero();
    assertThat(other.heard()).isEqualTo("a");
  }

  @Test
  void aResetForgetsTheCharacterThatWaits() throws InterruptedException {
    other.room(0);
    ask(PUTCHAR | 'a');
    ask(GETCHAR);
    htif.reset();
    DeviceContract.checkResetValues(htif);
    other.room(9);
    other.say("x");
    assertThat(answer()).isZero();
    assertThat(other.heard()).isEmpty();
  }

  @Test
  void readsWhatComesAfterItHasAsked() throws InterruptedException {
    ask(GETCHAR);
    assertThat(htif.read64(TOHOST)).isZero();
    assertThat(answer()).isZero();
    other.say("\u00ff");
    assertThat(answer()).isEqualTo(GETCHAR | 0x100 | 0xff);
    assertThat(answer()).isZero();
  }

  @Test
  void readsWhatCameBeforeOneByOne() throws InterruptedException {
    other.say("ab");
    assertThat(answer()).isZero();
    ask(GETCHAR);
    assertThat(answer()).isEqualTo(GETCHAR | 0x100 | 'a');
    assertThat(other.unsaid()).isEqualTo(1);
    ask(GETCHAR);
    assertThat(answer()).isEqualTo(GETCHAR | 0x100 | 'b');
  }

  @Test
  void aCharacterIsNotLostBeforeItIsRead() throws InterruptedException {
    other.say("ab");
    ask(GETCHAR);
    bench.awaitPosts();
    ask(PUTCHAR | 'x');
    ask(GETCHAR);
    assertThat(answer()).isEqualTo(GETCHAR | 0x100 | 'a');
    assertThat(answer()).isEqualTo(GETCHAR | 0x100 | 'b');
    assertThat(other.heard()).isEqualTo("x");
  }

  @Test
  void stillReadsAfterItWasRestored() throws InterruptedException {
    ask(GETCHAR);
    htif.saveAndRestore();
    other.say("r");
    assertThat(answer()).isEqualTo(GETCHAR | 0x100 | 'r');
  }

  @Test
  void withoutAConsoleWhatIsPrintedIsLost() {
    DeviceProbe<Htif> alone = bench.plug(Htif.of(null));
    alone.write64(TOHOST, GETCHAR);
    alone.write64(TOHOST, PUTCHAR | 'x');
    assertThat(alone.read64(FROMHOST)).isEqualTo(PUTCHAR | 0x100 | 'x');
  }

  // System calls.

  private static void call(RamBlock ram, long... words) {
    var bytes = ByteBuffer.allocate(8 * words.length).order(ByteOrder.LITTLE_ENDIAN);
    bytes.asLongBuffer().put(words);
    ram.put(0, bytes.array());
  }

  private static long result(RamBlock ram) {
    return ByteBuffer.wrap(ram.get(0, 8)).order(ByteOrder.LITTLE_ENDIAN).getLong();
  }

  @Test
  void writesToStandardOutput() throws InterruptedException {
    RamBlock ram = bench.withRam(4096);
    ram.put(64, "text".getBytes(StandardCharsets.US_ASCII));
    call(ram, 64, 1, TestBench.RAM + 64, 4);
    ask(TestBench.RAM);
    assertThat(other.heard()).isEqualTo("text");
    assertThat(answer()).isEqualTo(1);
    assertThat(result(ram)).isEqualTo(4);
  }

  @Test
  void refusesOtherFilesAndCalls() throws InterruptedException {
    RamBlock ram = bench.withRam(4096);
    call(ram, 64, 3, TestBench.RAM, 4);
    ask(TestBench.RAM);
    assertThat(answer()).isEqualTo(1);
    assertThat(result(ram)).isEqualTo(-9);
    call(ram, 1024);
    ask(TestBench.RAM);
    assertThat(answer()).isEqualTo(1);
    assertThat(result(ram)).isEqualTo(-38);
    assertThat(bench.log()).containsExactly("riscv.htif: system call 1024");
  }

  @Test
  void aCallFromNowhereIsAnswered() throws InterruptedException {
    ask(0x42_0000);
    assertThat(answer()).isEqualTo(1);
    RamBlock ram = bench.withRam(4096);
    call(ram, 64, 1, TestBench.RAM, -1);
    ask(TestBench.RAM);
    assertThat(other.heard()).hasSize(4096);
    call(ram, 64, 1, -8, 16);
    ask(TestBench.RAM);
    assertThat(bench.log())
        .filteredOn(line -> line.startsWith("riscv.htif"))
        .containsExactly(
            "riscv.htif: system call: DECODE_ERROR at 0x420000",
            "riscv.htif: system call: DECODE_ERROR at 0xfffffffffffffff8");
  }

  // What is not there.

  @Test
  void whatIsNotThereAnswersWithNothing() throws InterruptedException {
    ask(7L << 56 | 2L << 48 | 3);
    assertThat(answer()).isEqualTo(7L << 56 | 2L << 48);
    ask(1L << 56 | 9L << 48 | 3);
    assertThat(answer()).isEqualTo(1L << 56 | 9L << 48);
    assertThat(bench.log())
        .containsExactly(
            "riscv.htif: request 0x702000000000003", "riscv.htif: request 0x109000000000003");
  }

  @Test
  void clearingMemoryAsksForNothing() throws InterruptedException {
    for (int i = 0; i < 16; i++) {
      htif.write8(i, 0);
    }
    assertThat(answer()).isZero();
    assertThat(bench.log()).isEmpty();
  }
}
