package dev.kasuari.target.arm.translate;

import static org.assertj.core.api.Assertions.assertThat;

import dev.kasuari.target.arm.cpu.ArmModel;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * One address in several address spaces, told apart by ASIDs: each has the page that its own table
 * says, also after this was changed from another one and invalidated.
 */
@Tag("guest")
class AddressSpaceTest {
  /**
   * X20 is where two spaces have their pages, X21 and X22 are these entries, X23 and X24 tables.
   */
  private static final String PROGRAM =
      """
      .macro look ttbr
      msr ttbr0_el1, \\ttbr
      isb
      ldr x0, [x20]
      out
      .endm
      // Four pages, each with its number.
      ldr x1, =0x4a010000
      mov x0, #0
      1: str x0, [x1]
      add x1, x1, #4096
      add x0, x0, #1
      cmp x0, #4
      b.ne 1b
      // Two sets of tables: level 1, level 2 and 3 of the page at 4 GiB.
      mov x1, #0x4a000000
      ldr x2, =0x4a010f03
      2: ldr x0, =0x40000701
      str x0, [x1, #8]
      mov x0, #0x701
      str x0, [x1]
      add x0, x1, #0x1000
      str x2, [x0, #0x1000]
      add x3, x1, #0x2000
      add x3, x3, #3
      str x3, [x0]
      orr x0, x0, #3
      str x0, [x1, #32]
      add x1, x1, #0x4000
      add x2, x2, #0x1000
      tbz x1, #15, 2b
      mov x20, #0x100000000
      ldr x21, =0x4a002000
      ldr x22, =0x4a006000
      ldr x23, =0x100004a000000
      ldr x24, =0x200004a004000
      mov x0, #0xff
      msr mair_el1, x0
      ldr x0, =0x200803519
      msr tcr_el1, x0
      msr ttbr0_el1, x23
      dsb sy
      isb
      mrs x0, sctlr_el1
      orr x0, x0, #1
      msr sctlr_el1, x0
      isb
      look x23
      look x24
      look x23
      // Another page of the other space, invalidated by ASID.
      ldr x0, =0x4a012f03
      str x0, [x22]
      dsb ishst
      mov x1, #2 << 48
      tlbi aside1, x1
      dsb ish
      isb
      look x24
      look x23
      // And by address and ASID.
      ldr x0, =0x4a013f03
      str x0, [x22]
      dsb ishst
      lsr x1, x20, #12
      orr x1, x1, #2 << 48
      tlbi vae1, x1
      dsb ish
      isb
      look x24
      // Of the first one from the second, by address in all spaces.
      ldr x0, =0x4a011f03
      str x0, [x21]
      dsb ishst
      lsr x1, x20, #12
      tlbi vaae1is, x1
      dsb ish
      isb
      look x23
      look x24
      // Of both, everything.
      ldr x0, =0x4a012f03
      str x0, [x21]
      ldr x0, =0x4a010f03
      str x0, [x22]
      dsb ishst
      tlbi vmalle1
      dsb ish
      isb
      look x24
      look x23
      // More spaces than are kept, and back.
      mov x25, #3
      3: and x26, x23, #0xffffffffffff
      orr x26, x26, x25, lsl #48
      look x26
      add x25, x25, #1
      cmp x25, #9
      b.ne 3b
      look x24
      look x23
      // The ASID of the other base.
      mrs x0, tcr_el1
      orr x0, x0, #1 << 22
      msr tcr_el1, x0
      mov x1, #10 << 48
      msr ttbr1_el1, x1
      isb
      tlbi vmalle1
      dsb ish
      isb
      look x23
      mov x1, #11 << 48
      msr ttbr1_el1, x1
      look x24
      mov x1, #10 << 48
      msr ttbr1_el1, x1
      look x23
      finish
      .ltorg
      """;

  private static final List<Long> PAGES =
      List.of(0L, 1L, 0L, 2L, 0L, 3L, 1L, 3L, 0L, 2L, 2L, 2L, 2L, 2L, 2L, 2L, 0L, 2L, 2L, 0L, 2L);

  @TempDir private Path directory;

  private static List<Long> numbers(ByteBuffer results) {
    var numbers = new ArrayList<Long>();
    while (results.remaining() >= Long.BYTES) {
      numbers.add(results.getLong());
    }
    return numbers;
  }

  @Test
  void eachHasItsOwnPages() throws IOException, InterruptedException {
    var program = new SystemProgram(directory, PROGRAM);
    byte[] data = new byte[8];
    assertThat(numbers(program.qemu("virt", "cortex-a57", data))).as("QEMU").isEqualTo(PAGES);
    for (boolean machineCode : new boolean[] {false, true}) {
      assertThat(numbers(program.ours(ArmModel.parse("cortex-a57"), machineCode, data)))
          .as("machine code: " + machineCode)
          .isEqualTo(PAGES);
    }
  }
}
