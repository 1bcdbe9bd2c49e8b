package dev.kasuari.machine.memory;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.BitSet;
import java.util.SplittableRandom;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

@Tag("fast")
class DirtyLogTest {
  private final RamList ram = new RamList();
  private final RamBlock block = ram.allocate("ram", 1 << 20);
  private final DirtyLog log = block.dirty();

  @AfterEach
  void unmap() {
    ram.close();
  }

  @Test
  void drainGivesExactlyWhatWasWritten() {
    long seed = 5;
    System.out.println("seed " + seed);
    var random = new SplittableRandom(seed);
    log.start(DirtyLog.Client.MIGRATION);
    for (int round = 0; round < 200; round++) {
      var expected = new BitSet();
      for (int i = 0; i < random.nextInt(20); i++) {
        int length = 1 + random.nextInt(20_000);
        int offset = random.nextInt((1 << 20) - length);
        log.written(offset, length);
        expected.set(offset >>> 12, ((offset + length - 1) >>> 12) + 1);
      }
      var seen = new BitSet();
      long pages =
          log.drain(
              DirtyLog.Client.MIGRATION,
              (offset, length) ->
                  seen.set((int) (offset >>> 12), (int) ((offset + length) >>> 12)));
      assertThat(seen).isEqualTo(expected);
      assertThat(pages).isEqualTo(expected.cardinality());
    }
    log.stop(DirtyLog.Client.MIGRATION);
    log.written(0, 1);
    assertThat(log.isDirty(DirtyLog.Client.MIGRATION, 0)).isFalse();
    assertThat(log.mustReport(0)).isFalse();
  }

  @Test
  void aPageThatIsLoggedNeedsNoReportUntilItIsDrained() {
    log.start(DirtyLog.Client.DISPLAY);
    assertThat(log.mustReport(0x5000)).isTrue();
    log.written(0x5ffe, 1);
    assertThat(log.mustReport(0x5000)).isFalse();
    log.drain(DirtyLog.Client.DISPLAY, (offset, length) -> {});
    assertThat(log.mustReport(0x5000)).isTrue();
  }

  /**
   * A translator sets the flag and then reads; a writer writes and then looks at the flag. Whatever
   * the order, one of them sees the other.
   */
  @Test
  void noWriteToCodeIsMissed() throws InterruptedException {
    var heard = new AtomicInteger();
    log.addWatch(
        new DirtyLog.Watch() {
          @Override
          public void codeWritten(long ramAddress, long length) {
            heard.incrementAndGet();
          }

          @Override
          public void rearm(long ramAddress, long length) {}
        });
    for (int i = 0; i < 300; i++) {
      byte value = (byte) (i + 1);
      int before = heard.get();
      var writer =
          Thread.ofPlatform()
              .start(() -> {
                block.segment().set(java.lang.foreign.ValueLayout.JAVA_BYTE, 0x100, value);
                log.written(0x100, 1);
              });
      log.setCode(0x100);
      boolean fresh = block.get(0x100, 1)[0] == value;
      writer.join();
      assertThat(fresh || heard.get() > before).isTrue();
      log.clearCode(0x100);
    }
  }
}
