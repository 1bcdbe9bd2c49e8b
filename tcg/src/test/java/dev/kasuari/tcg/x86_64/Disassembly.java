package dev.kasuari.tcg.x86_64;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.function.Consumer;

/** Instructions as we write them and as binutils reads them, in Intel's syntax. */
final class Disassembly {
  private static final Path OBJDUMP = Path.of("/usr/bin/objdump");

  private static final List<String> NAMES_64 =
      List.of(
          "rax", "rcx", "rdx", "rbx", "rsp", "rbp", "rsi", "rdi", "r8", "r9", "r10", "r11", "r12",
          "r13", "r14", "r15");
  private static final List<String> NAMES_32 =
      List.of(
          "eax", "ecx", "edx", "ebx", "esp", "ebp", "esi", "edi", "r8d", "r9d", "r10d", "r11d",
          "r12d", "r13d", "r14d", "r15d");
  private static final List<String> NAMES_16 =
      List.of(
          "ax", "cx", "dx", "bx", "sp", "bp", "si", "di", "r8w", "r9w", "r10w", "r11w", "r12w",
          "r13w", "r14w", "r15w");
  private static final List<String> NAMES_8 =
      List.of(
          "al", "cl", "dl", "bl", "spl", "bpl", "sil", "dil", "r8b", "r9b", "r10b", "r11b", "r12b",
          "r13b", "r14b", "r15b");

  /** Low and high, each register that is special as a base, each that is special as a byte. */
  static final List<Gpr> REGISTERS =
      List.of(Gpr.RAX, Gpr.RBX, Gpr.RSP, Gpr.RBP, Gpr.RSI, Gpr.RDI, Gpr.R9, Gpr.R12, Gpr.R13);

  private static final int[] DISPLACEMENTS = {0, 8, -128, 127, 128, -129, 0x12345678};

  final Assembler assembler = new Assembler();
  private final List<String> expected = new ArrayList<>();

  // ---- names -----------------------------------------------------------------------------------

  static String name(int bytes, Gpr register) {
    List<String> names =
        switch (bytes) {
          case 1 -> NAMES_8;
          case 2 -> NAMES_16;
          case 4 -> NAMES_32;
          default -> NAMES_64;
        };
    return names.get(register.ordinal());
  }

  static int bytes(Width width) {
    return width == Width.BITS_64 ? 8 : 4;
  }

  static String name(Width width, Gpr register) {
    return name(bytes(width), register);
  }

  static String name(Enum<?> operation) {
    return operation.name().toLowerCase(Locale.ROOT);
  }

  /** A value as it is printed in an operand of a size. */
  static String hex(int bytes, long value) {
    return "0x" + Long.toHexString(value & -1L >>> (64 - 8 * bytes));
  }

  /** A memory operand. */
  static String text(int bytes, Mem mem) {
    String pointer =
        switch (bytes) {
          case 0 -> "";
          case 1 -> "byte ptr ";
          case 2 -> "word ptr ";
          case 4 -> "dword ptr ";
          case 8 -> "qword ptr ";
          default -> "xmmword ptr ";
        };
    return pointer + address(mem);
  }

  private static String address(Mem mem) {
    Gpr base = mem.base();
    Gpr index = mem.index();
    int displacement = mem.displacement();
    if (base == null && index == null) {
      return "ds:" + hex(8, displacement);
    }
    boolean needed = base == null || (base.ordinal() & 7) == 5;
    String sum = base == null ? "" : name(8, base);
    if (index != null) {
      sum += (sum.isEmpty() ? "" : "+") + name(8, index) + "*" + mem.scale();
    }
    if (displacement != 0 || needed) {
      sum += (displacement < 0 ? "-0x" : "+0x") + Integer.toHexString(Math.abs(displacement));
    }
    return "[" + sum + "]";
  }

  /** Every form of a memory operand. */
  static List<Mem> memories() {
    List<Mem> all = new ArrayList<>();
    for (Gpr base : Gpr.values()) {
      for (int displacement : DISPLACEMENTS) {
        all.add(Mem.at(base, displacement));
      }
    }
    for (Gpr index : List.of(Gpr.RAX, Gpr.RBP, Gpr.R12, Gpr.R13)) {
      for (int scale : new int[] {1, 2, 4, 8}) {
        for (Gpr base : List.of(Gpr.RAX, Gpr.RBP, Gpr.RSP, Gpr.R12, Gpr.R13)) {
          all.add(new Mem(base, index, scale, 0));
          all.add(new Mem(base, index, scale, -8));
          all.add(new Mem(base, index, scale, 0x4000));
        }
        all.add(new Mem(null, index, scale, 0x4000));
      }
    }
    all.add(Mem.absolute(0x12345678));
    return all;
  }

  /** A few of them: one of each shape. */
  static List<Mem> someMemories() {
    return List.of(
        Mem.at(Gpr.RAX, 0),
        Mem.at(Gpr.RBP, 0),
        Mem.at(Gpr.RSP, 8),
        Mem.at(Gpr.R12, 0x1000),
        Mem.at(Gpr.R13, -8),
        new Mem(Gpr.R9, Gpr.RCX, 4, 0x40),
        new Mem(Gpr.RBX, Gpr.R14, 8, 0),
        Mem.absolute(0x7000));
  }

  // ---- checking --------------------------------------------------------------------------------

  /** Expects an instruction to be read as a text. */
  void check(String text, Consumer<Assembler> instruction) {
    instruction.accept(assembler);
    expected.add(text);
  }

  /** Expects more lines. */
  void expect(String... lines) {
    expected.addAll(Arrays.asList(lines));
  }

  /** Compares all that was written, line by line. */
  void verify(Path folder) throws Exception {
    byte[] code = Arrays.copyOf(assembler.code(), assembler.length());
    List<String> read = disassemble(folder, code);
    for (int i = 0; i < Math.min(read.size(), expected.size()); i++) {
      assertThat(read.get(i)).as("instruction %d", i).isEqualTo(expected.get(i));
    }
    assertThat(read).hasSameSizeAs(expected);
  }

  /** What binutils reads in the code, an instruction a line, blanks made one. */
  private static List<String> disassemble(Path folder, byte[] code) throws Exception {
    assertThat(OBJDUMP).as("objdump of the package binutils").isExecutable();
    Path file = Files.write(folder.resolve("code.bin"), code);
    var process =
        new ProcessBuilder(
                OBJDUMP.toString(),
                "-D",
                "-z",
                "-b",
                "binary",
                "-m",
                "i386:x86-64",
                "-M",
                "intel",
                "--no-show-raw-insn",
                file.toString())
            .redirectErrorStream(true)
            .start();
    String output = new String(process.getInputStream().readAllBytes(), UTF_8);
    assertThat(process.waitFor()).as(output).isZero();
    return output
        .lines()
        .filter(line -> line.matches("\\s*[0-9a-f]+:\t.*"))
        .map(line -> line.substring(line.indexOf('\t') + 1))
        .map(line -> line.replaceAll("\\s+#.*", "").replaceAll("\\s+", " ").strip())
        .map(line -> line.toLowerCase(Locale.ROOT))
        .toList();
  }
}
