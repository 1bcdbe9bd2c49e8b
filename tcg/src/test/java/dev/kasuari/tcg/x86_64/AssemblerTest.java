package dev.kasuari.tcg.x86_64;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.kasuari.tcg.ir.Cond;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.function.Consumer;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Every encoding that the assembler has, read back by binutils. */
@Tag("fast")
class AssemblerTest {
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

  private final Assembler assembler = new Assembler();
  private final List<String> expected = new ArrayList<>();

  @TempDir Path folder;

  private static String name(int bytes, Gpr register) {
    List<String> names =
        switch (bytes) {
          case 1 -> NAMES_8;
          case 2 -> NAMES_16;
          case 4 -> NAMES_32;
          default -> NAMES_64;
        };
    return names.get(register.ordinal());
  }

  private static String name(Width width, Gpr register) {
    return name(width == Width.BITS_64 ? 8 : 4, register);
  }

  private static String name(Xmm register) {
    return register.name().toLowerCase(Locale.ROOT);
  }

  private static String name(Enum<?> operation) {
    return operation.name().toLowerCase(Locale.ROOT);
  }

  private static String pointer(int bytes) {
    return switch (bytes) {
      case 1 -> "byte ptr ";
      case 2 -> "word ptr ";
      case 4 -> "dword ptr ";
      default -> "qword ptr ";
    };
  }

  private static String text(Mem mem) {
    Gpr index = mem.index();
    String base = name(8, mem.base()) + (index == null ? "" : "+" + name(8, index) + "*1");
    int displacement = mem.displacement();
    boolean printed = displacement != 0 || (mem.base().ordinal() & 7) == 5;
    return "["
        + base
        + (!printed
            ? ""
            : (displacement < 0 ? "-0x" : "+0x") + Integer.toHexString(Math.abs(displacement)))
        + "]";
  }

  private static List<Mem> memories() {
    List<Mem> all = new ArrayList<>();
    for (Gpr base : Gpr.values()) {
      for (int displacement : new int[] {0, 8, -128, 127, 128, -129, 0x12345678}) {
        all.add(Mem.at(base, displacement));
      }
    }
    for (Gpr base : List.of(Gpr.RAX, Gpr.RBP, Gpr.RSP, Gpr.R12, Gpr.R13)) {
      for (Gpr index : List.of(Gpr.RAX, Gpr.RCX, Gpr.R12, Gpr.R15)) {
        all.add(new Mem(base, index, 0));
        all.add(new Mem(base, index, 0x4000));
      }
    }
    return all;
  }

  private void check(Consumer<Assembler> instruction, String text) {
    instruction.accept(assembler);
    expected.add(text);
  }

  /** What binutils reads in the code, an instruction a line, blanks made one. */
  private static List<String> disassemble(Path folder, byte[] code) throws Exception {
    assertThat(OBJDUMP).as("objdump of the package binutils").isExecutable();
    Path file = Files.write(folder.resolve("code.bin"), code);
    var process =
        new ProcessBuilder(
                OBJDUMP.toString(),
                "-D",
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

  private void verify() throws Exception {
    byte[] code = Arrays.copyOf(assembler.code(), assembler.length());
    assertThat(disassemble(folder, code)).containsExactlyElementsOf(expected);
  }

  @Test
  void registerToRegister() throws Exception {
    for (Gpr d : Gpr.values()) {
      for (Gpr s : Gpr.values()) {
        for (Width w : Width.values()) {
          String both = name(w, d) + "," + name(w, s);
          check(a -> a.mov(w, d, s), "mov " + both);
          check(a -> a.imul(w, d, s), "imul " + both);
          check(a -> a.test(w, d, s), "test " + both);
          for (Alu op : Alu.values()) {
            check(a -> a.alu(op, w, d, s), name(op) + " " + both);
          }
          for (int bytes : new int[] {1, 2}) {
            String narrow = name(w, d) + "," + name(bytes, s);
            check(a -> a.signExtend(bytes, w, d, s), "movsx " + narrow);
          }
        }
        for (int bytes : new int[] {1, 2}) {
          String narrow = name(4, d) + "," + name(bytes, s);
          check(a -> a.zeroExtend(bytes, d, s), "movzx " + narrow);
        }
        check(a -> a.zeroExtend(4, d, s), "mov " + name(4, d) + "," + name(4, s));
        check(a -> a.signExtend(4, Width.BITS_64, d, s), "movsxd " + name(8, d) + "," + name(4, s));
      }
    }
    verify();
  }

  @Test
  void oneRegister() throws Exception {
    for (Gpr r : Gpr.values()) {
      for (Width w : Width.values()) {
        check(a -> a.not(w, r), "not " + name(w, r));
        check(a -> a.neg(w, r), "neg " + name(w, r));
        for (Shift op : Shift.values()) {
          check(a -> a.shift(op, w, r, 5), name(op) + " " + name(w, r) + ",0x5");
          check(a -> a.shiftByCl(op, w, r), name(op) + " " + name(w, r) + ",cl");
        }
        for (Alu op : Alu.values()) {
          check(a -> a.alu(op, w, r, 0x12), name(op) + " " + name(w, r) + ",0x12");
          check(a -> a.alu(op, w, r, 0x1234), aluText(op, w, r));
        }
        String minus = w == Width.BITS_64 ? "0xffffffffffffffff" : "0xffffffff";
        check(a -> a.alu(Alu.AND, w, r, -1), "and " + name(w, r) + "," + minus);
      }
      check(a -> a.push(r), "push " + name(8, r));
      check(a -> a.pop(r), "pop " + name(8, r));
      check(a -> a.jmp(r), "jmp " + name(8, r));
    }
    verify();
  }

  private static String aluText(Alu op, Width w, Gpr r) {
    return name(op) + " " + name(w, r) + ",0x1234";
  }

  @Test
  void constants() throws Exception {
    for (Gpr r : Gpr.values()) {
      check(a -> a.mov(r, 0), "mov " + name(4, r) + ",0x0");
      check(a -> a.mov(r, 0xffffffffL), "mov " + name(4, r) + ",0xffffffff");
      check(a -> a.mov(r, -1), "mov " + name(8, r) + ",0xffffffffffffffff");
      check(a -> a.mov(r, Integer.MIN_VALUE), "mov " + name(8, r) + ",0xffffffff80000000");
      check(a -> a.mov(r, 0x1_0000_0000L), "movabs " + name(8, r) + ",0x100000000");
      check(a -> a.mov(r, 0x8123_4567_89ab_cdefL), "movabs " + name(8, r) + ",0x8123456789abcdef");
    }
    verify();
  }

  @Test
  void memoryOperands() throws Exception {
    for (Mem m : memories()) {
      String at = text(m);
      for (Gpr r : List.of(Gpr.RAX, Gpr.RSP, Gpr.RSI, Gpr.R9)) {
        check(a -> a.load(1, r, m), "movzx " + name(4, r) + "," + pointer(1) + at);
        check(a -> a.load(2, r, m), "movzx " + name(4, r) + "," + pointer(2) + at);
        check(a -> a.load(4, r, m), "mov " + name(4, r) + "," + pointer(4) + at);
        check(a -> a.load(8, r, m), "mov " + name(8, r) + "," + pointer(8) + at);
        for (Width w : Width.values()) {
          for (int bytes : new int[] {1, 2}) {
            check(
                a -> a.loadSigned(bytes, w, r, m),
                "movsx " + name(w, r) + "," + pointer(bytes) + at);
          }
        }
        check(
            a -> a.loadSigned(4, Width.BITS_64, r, m),
            "movsxd " + name(8, r) + "," + pointer(4) + at);
        check(
            a -> a.loadSigned(4, Width.BITS_32, r, m), "mov " + name(4, r) + "," + pointer(4) + at);
        for (int bytes : new int[] {1, 2, 4, 8}) {
          check(a -> a.store(bytes, m, r), "mov " + pointer(bytes) + at + "," + name(bytes, r));
        }
        check(a -> a.lea(r, m), "lea " + name(8, r) + "," + at);
        check(
            a -> a.alu(Alu.ADD, Width.BITS_64, r, m), "add " + name(8, r) + "," + pointer(8) + at);
        check(a -> a.alu(Alu.OR, Width.BITS_32, m, r), "or " + pointer(4) + at + "," + name(4, r));
      }
      check(a -> a.store(4, m, 0x77), "mov " + pointer(4) + at + ",0x77");
      check(a -> a.store(8, m, -2), "mov " + pointer(8) + at + ",0xfffffffffffffffe");
      check(a -> a.alu(Alu.CMP, Width.BITS_32, m, 0), "cmp " + pointer(4) + at + ",0x0");
      check(a -> a.alu(Alu.SUB, Width.BITS_64, m, 300), "sub " + pointer(8) + at + ",0x12c");
      check(a -> a.pop(m), "pop " + pointer(8) + at);
      check(a -> a.stmxcsr(m), "stmxcsr " + pointer(4) + at);
      check(a -> a.ldmxcsr(m), "ldmxcsr " + pointer(4) + at);
    }
    verify();
  }

  @Test
  void conditions() throws Exception {
    for (Cc cc : Cc.values()) {
      for (Gpr r : Gpr.values()) {
        check(a -> a.set(cc, r), "set" + name(cc) + " " + name(1, r));
        for (Width w : Width.values()) {
          check(
              a -> a.cmov(cc, w, r, Gpr.R10),
              "cmov" + name(cc) + " " + name(w, r) + "," + name(w, Gpr.R10));
        }
      }
    }
    verify();
  }

  @Test
  void floatingPoint() throws Exception {
    for (Xmm x : Xmm.values()) {
      for (Xmm y : Xmm.values()) {
        check(a -> a.addsd(x, y), "addsd " + name(x) + "," + name(y));
        check(a -> a.mulsd(x, y), "mulsd " + name(x) + "," + name(y));
      }
      for (Gpr r : Gpr.values()) {
        check(a -> a.movq(x, r), "movq " + name(x) + "," + name(8, r));
        check(a -> a.movq(r, x), "movq " + name(8, r) + "," + name(x));
      }
    }
    verify();
  }

  @Test
  void jumpsReachTheirLabelsForwardAndBack() throws Exception {
    var start = new Label();
    var end = new Label();
    check(a -> a.bind(start), "jmp 0xc");
    assembler.jmp(end);
    for (Cc cc : List.of(Cc.E)) {
      check(a -> a.j(cc, start), "j" + name(cc) + " 0x0");
    }
    check(Assembler::ret, "ret");
    assembler.bind(end);
    check(a -> a.jmp(end), "jmp 0xc");
    check(a -> a.align(32), "int3");
    while (expected.size() < 4 + 32 - 17) {
      expected.add("int3");
    }
    verify();
  }

  @Test
  void jumpsOutOfTheCodeAreRelativeToWhereItWillRun() throws Exception {
    long home = 0x7f00_0000_1000L;
    assembler.call(home + 0x100);
    assembler.jmp(home - 0x100);
    assembler.relocate(home);
    expected.addAll(List.of("call 0x100", "jmp 0xffffffffffffff00"));
    verify();
    assembler.reset();
    assembler.call(home + (1L << 32));
    assertThatThrownBy(() -> assembler.relocate(home)).hasMessageContaining("a jump of");
  }

  @Test
  void inverseConditionsAreInverseOnTheHost() {
    for (Cond cond : Cond.values()) {
      assertThat(Cc.of(cond).ordinal() ^ 1).isEqualTo(Cc.of(cond.inverse()).ordinal());
    }
  }
}
