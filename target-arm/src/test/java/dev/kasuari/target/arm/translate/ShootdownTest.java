package dev.kasuari.target.arm.translate;

import static org.assertj.core.api.Assertions.assertThat;

import dev.kasuari.target.arm.cpu.ArmModel;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * One processing element maps a page to one after another of four, invalidates and says so; the
 * other reads it all the time, or sleeps now and then, and must never see one from before what it
 * has been told.
 */
@Tag("guest")
@Timeout(value = 5, unit = TimeUnit.MINUTES)
class ShootdownTest {
  /** At least so many times another page is mapped, and then until the other has looked enough. */
  private static final int ROUNDS = 3000;

  private static final int LOOKS = 20;

  /** WFIT for 200 µs, longer than a thread looks for work before it waits for it. */
  private static final String SLEEP =
      """
      mrs x9, cntvct_el0
      mov x10, #12500
      add x9, x9, x10
      .inst 0xd5031029
      """;

  private static final String PROGRAM =
      """
      adr x0, vectors
      msr vbar_el1, x0
      // Tables at 64 MiB of the data: level 1, level 2 and 3 of the page at 4 GiB.
      mov x1, #0x4a000000
      ldr x0, =0x40000701
      str x0, [x1, #8]
      mov x0, #0x701
      str x0, [x1]
      ldr x0, =0x4a001003
      str x0, [x1, #32]
      ldr x2, =0x4a001000
      ldr x0, =0x4a002003
      str x0, [x2]
      ldr x3, =0x4a002000
      ldr x0, =0x4a010703
      mrs x4, mpidr_el1
      and x4, x4, #0xff
      cbnz x4, 1f
      str x0, [x3]
      1:
      mov x0, #0xff
      msr mair_el1, x0
      ldr x0, =0x200803519
      msr tcr_el1, x0
      msr ttbr0_el1, x1
      isb
      mrs x0, sctlr_el1
      orr x0, x0, #1
      msr sctlr_el1, x0
      isb
      mov x5, #0x4b000000
      mov x6, #0x100000000
      cbnz x4, reader
      // Every page has its number.
      mov x0, #0
      ldr x1, =0x4a010000
      2: str x0, [x1]
      add x1, x1, #4096
      add x0, x0, #1
      cmp x0, #4
      b.ne 2b
      dsb sy
      mov x0, #1
      str x0, [x5, #64]
      3: ldr x0, [x5, #128]
      cbz x0, 3b
      mov x7, #1
      ldr x12, rounds
      4: and x0, x7, #3
      lsl x0, x0, #12
      ldr x1, =0x4a010703
      add x0, x0, x1
      dsb ishst
      str xzr, [x3]
      dsb ishst
      lsr x1, x6, #12
      tlbi @TLBI@
      dsb ish
      str x0, [x3]
      dsb ishst
      isb
      stlr x7, [x5]
      add x7, x7, #1
      cmp x7, x12
      b.lo 4b
      ldr x0, [x5, #208]
      cmp x0, #@LOOKS@
      b.hs 9f
      // On a host with one CPU the other runs only while the page is away, unless this one stays.
      mov x0, #0x10000
      8: subs x0, x0, #1
      b.ne 8b
      b 4b
      9: mov x0, #-1
      stlr x0, [x5]
      5: ldr x0, [x5, #192]
      cbz x0, 5b
      ldr x0, [x5, #200]
      out
      ldr x0, [x5, #208]
      out
      finish
      reader:
      ldr x0, [x5, #64]
      cbz x0, reader
      mov x13, #0
      mov x14, #0
      str x4, [x5, #128]
      6: @SLEEP@
      ldar x0, [x5]
      cmn x0, #1
      b.eq 7f
      mov x2, #-1
      ldr x2, [x6]
      // It may not have been there for a moment.
      cmn x2, #1
      b.eq 6b
      dmb ishld
      ldar x1, [x5]
      cmp x0, x1
      b.ne 6b
      add x14, x14, #1
      str x14, [x5, #208]
      sub x2, x2, x0
      and x2, x2, #3
      cmp x2, #1
      b.ls 6b
      add x13, x13, #1
      b 6b
      7: str x13, [x5, #200]
      dsb sy
      str x4, [x5, #192]
      b .
      rounds: .quad @ROUNDS@
      .ltorg
      .balign 2048
      vectors:
      .space 0x200
      mrs x0, elr_el1
      add x0, x0, #4
      msr elr_el1, x0
      mov x0, #-2
      eret
      """;

  @TempDir private Path directory;

  @ParameterizedTest
  @CsvSource({
    "vaae1is, false",
    "vmalle1is, false",
    "vaae1os, false",
    "rvaae1is, false",
    "vaae1is, true",
    "vmalle1is, true"
  })
  void nobodySeesWhatWasInvalidated(String operation, boolean sleeps)
      throws IOException, InterruptedException {
    for (boolean machineCode : new boolean[] {false, true}) {
      String text =
          PROGRAM
              .replace("@TLBI@", operation.startsWith("vm") ? operation : operation + ", x1")
              .replace("@SLEEP@", sleeps ? SLEEP : "")
              .replace("@ROUNDS@", String.valueOf(ROUNDS))
              .replace("@LOOKS@", String.valueOf(LOOKS));
      if (operation.startsWith("rv")) {
        // A range of two pages of 4 KiB.
        text = text.replace("lsr x1, x6, #12", "lsr x1, x6, #12\norr x1, x1, #1 << 46");
      }
      var program = new SystemProgram(directory, ".arch armv8.4-a\n" + text);
      ByteBuffer seen = program.ours(ArmModel.parse("max"), 2, machineCode, new byte[8]);
      assertThat(seen.getLong()).as("old pages seen").isZero();
      assertThat(seen.getLong()).as("looks").isGreaterThanOrEqualTo(LOOKS);
    }
  }
}
