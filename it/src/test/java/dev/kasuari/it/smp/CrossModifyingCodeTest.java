package dev.kasuari.it.smp;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.kasuari.tcg.x86_64.X86BackEnd;
import java.nio.file.Path;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * Four harts, of which some write code that the others run: with {@code fence.i} on every hart, by
 * the firmware or by an interrupt of the guest's own, the new code; without, the old or the new.
 */
@Tag("guest")
@Timeout(value = 60, unit = TimeUnit.MINUTES)
class CrossModifyingCodeTest {
  @TempDir private Path folder;

  @Test
  void oldOrNewAndAfterFencesNew() throws Exception {
    GuestProgram program = new GuestProgram("code", 4).rounds(1_000);
    Map<String, Long> reported = SmpMachine.run(program, folder, SmpMachine.usual());
    assertThat(reported)
        .containsKeys("rewritten-over-two-pages", "rewritten-by-its-hart", "patched-itself");
    assertThat(reported.get("patched-in-a-page")).isPositive();
    assertThat(reported.get("patched-behind-the-boundary")).isPositive();
    assertThat(reported.get("patched-before-the-boundary")).isPositive();
  }

  @Test
  void aStoreToCodeThatRunsForTheFirstTimeIsNotLost() throws Exception {
    GuestProgram program = new GuestProgram("first", 2).rounds(10_000);
    assertThat(SmpMachine.run(program, folder, SmpMachine.usual())).hasSize(2);
  }

  @Test
  void codeIsGivenUpWhileOthersRunIt() throws Exception {
    assumeTrue(X86BackEnd.available(), "machine code needs Linux on x86-64");
    var reclaims = new AtomicLong();
    GuestProgram program = new GuestProgram("many", 4).rounds(20_000);
    Map<String, Long> reported =
        SmpMachine.run(
            program,
            folder,
            code ->
                new CountingBackEnd(
                    new X86BackEnd(code.floatEnv(), X86BackEnd.MIN_CACHE_BYTES), reclaims));
    System.out.println("code given up " + reclaims + " times");
    assertThat(reported.get("calls")).isEqualTo(4 * program.value("ROUNDS"));
    assertThat(reclaims).hasValueGreaterThan(8);
  }
}
