package dev.kasuari.boards;

import static dev.kasuari.target.riscv.asm.Reg.A0;
import static dev.kasuari.target.riscv.asm.Reg.A1;
import static dev.kasuari.target.riscv.asm.Reg.A7;
import static org.assertj.core.api.Assertions.assertThat;

import dev.kasuari.target.riscv.asm.Assembler;
import dev.kasuari.target.riscv.asm.Label;
import dev.kasuari.target.riscv.isa.RiscvEncoder;
import dev.kasuari.testkit.ElfFile;
import java.nio.file.Files;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Tag("fast")
@Timeout(120)
class RiscvSpikeBoardTest {
  static final int MEBIBYTE = 1 << 20;

  private static final long RAM = 0x8000_0000L;
  private static final long TOHOST = 0x0100_0008;
  private static final long PUTCHAR = 1L << 56 | 1L << 48;
  private static final int MHARTID = 0xf14;

  /** Beside the code, in the same page. */
  private static final int WORDS_IN_RAM = 0xf00;

  @TempDir private Path folder;

  /** Prints a text and ends with a code, by the words that the board has. */
  static byte[] program(String text, int code) {
    return elf(code(text, code, TOHOST)).bytes();
  }

  /** As {@link #program}, by words of its own. */
  static byte[] programWithSymbols(String text, int code) {
    long words = RAM + WORDS_IN_RAM;
    return elf(code(text, code, words + 8))
        .symbol("fromhost", words)
        .symbol("tohost", words + 8)
        .bytes();
  }

  /** A kernel for supervisor mode that prints by the SBI and ends by the board. */
  static byte[] kernel(char text, int code) {
    var a = new Assembler();
    a.li(A0, text);
    a.li(A7, 1); // legacy console putchar
    a.i(RiscvEncoder.ecall());
    a.li(A0, TOHOST);
    ask(a, (long) code << 1 | 1);
    a.j(a.here("forever"));
    return a.assemble();
  }

  private static ElfFile elf(byte[] code) {
    assertThat(code.length).isLessThan(WORDS_IN_RAM);
    return ElfFile.riscv64().entry(RAM).segment(RAM, RAM, code, 0x1000);
  }

  private static byte[] code(String text, int code, long tohost) {
    var a = new Assembler();
    a.i(RiscvEncoder.csrrs(A0, MHARTID, 0));
    Label others = a.here("others");
    a.bnez(A0, others);
    a.li(A0, tohost);
    for (int i = 0; i < text.length(); i++) {
      ask(a, PUTCHAR | text.charAt(i));
    }
    ask(a, (long) code << 1 | 1);
    a.j(a.here("forever"));
    return a.assemble();
  }

  private static void ask(Assembler a, long request) {
    a.li(A1, request);
    a.i(RiscvEncoder.sd(A0, A1, 0));
    Label untilTaken = a.here("until taken");
    a.i(RiscvEncoder.ld(A1, A0, 0));
    a.bnez(A1, untilTaken);
  }

  private BoardMachine machine(int cpus, @Nullable String bios, byte[] kernel) throws Exception {
    Path file = Files.write(folder.resolve("kernel"), kernel);
    var boot = new BootOptions(bios, file.toString(), null, null, null);
    return new BoardMachine("spike", 16 * MEBIBYTE, cpus, boot);
  }

  @Test
  void printsAndEnds() throws Exception {
    try (var machine = machine(1, "none", program("Hello", 42))) {
      assertThat(machine.run()).isEqualTo(42);
      assertThat(machine.printed()).isEqualTo("Hello");
    }
  }

  @Test
  void printsAndEndsByWordsOfItsOwn() throws Exception {
    try (var machine = machine(8, "none", programWithSymbols("Hello", 43))) {
      assertThat(machine.run()).isEqualTo(43);
      assertThat(machine.printed()).isEqualTo("Hello");
    }
  }

  @Test
  void firmwareMayHaveTheWords() throws Exception {
    Path bios = Files.write(folder.resolve("bios"), programWithSymbols("Hello", 44));
    var boot = new BootOptions(bios.toString(), null, null, null, null);
    try (var machine = new BoardMachine("spike", 16 * MEBIBYTE, 1, boot)) {
      assertThat(machine.run()).isEqualTo(44);
    }
  }

  /** As a kernel, in supervisor mode, behind the firmware that the board brings. */
  @Test
  void aKernelPrintsByTheBuiltInFirmware() throws Exception {
    try (var machine = machine(2, null, kernel('!', 46))) {
      assertThat(machine.run()).isEqualTo(46);
      assertThat(machine.printed()).isEqualTo("!");
    }
  }

  /** Asks the firmware for characters until it has one, and ends with it. */
  private static byte[] listener() {
    var a = new Assembler();
    Label again = a.here("again");
    a.li(A7, 2); // legacy console getchar
    a.i(RiscvEncoder.ecall());
    a.i(RiscvEncoder.srli(A1, A0, 63));
    a.bnez(A1, again);
    a.i(RiscvEncoder.slli(A1, A0, 1));
    a.i(RiscvEncoder.ori(A1, A1, 1));
    a.li(A0, TOHOST);
    a.i(RiscvEncoder.sd(A0, A1, 0));
    a.j(a.here("forever"));
    return a.assemble();
  }

  @Test
  void aKernelHearsByTheBuiltInFirmware() throws Exception {
    try (var machine = machine(1, null, listener())) {
      machine.say("*");
      assertThat(machine.run()).isEqualTo('*');
    }
  }

  @Test
  void wordsOutsideOfMemoryAreNotLookedFor() throws Exception {
    byte[] kernel = elf(code("", 45, TOHOST)).symbol("fromhost", 8).symbol("tohost", -8).bytes();
    try (var machine = machine(1, "none", kernel)) {
      assertThat(machine.run()).isEqualTo(45);
    }
  }
}
