package dev.kasuari.boards;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** One C source, built for 32 and for 64 bits, prints the same on our {@code virt} and QEMU's. */
@Tag("guest")
@Timeout(180)
class WidthsQemuTest {
  private static final String COMPILER = "riscv64-unknown-elf-gcc";
  private static final long RAM = 128L << 20;

  private static final String SOURCE =
      """
      typedef unsigned long word;
      typedef unsigned long long wide;

      __asm__(".section .init\\n.globl _start\\n_start: la sp, stack_end\\n"
              "la t0, trapped\\ncsrw mtvec, t0\\n"
              "li t0, 0x6000\\ncsrs mstatus, t0\\ncall main\\nj end\\n"
              ".align 2\\ntrapped: csrr a0, mcause\\ncsrr a1, mepc\\ncall trap\\n"
              "csrw mepc, a0\\nmret\\n"
              ".bss\\n.align 4\\n.space 16384\\nstack_end:\\n.text");

      static void put(char c) { *(volatile unsigned char *)0x10000000 = c; }
      static void text(const char *s) { while (*s) put(*s++); }
      static void hex(wide value) {
        for (int i = 60; i >= 0; i -= 4) put("0123456789abcdef"[value >> i & 15]);
        put('\\n');
      }
      void end(int code) {
        *(volatile unsigned *)0x100000 = code ? code << 16 | 0x3333 : 0x5555;
        for (;;) ;
      }
      word trap(word cause, word pc) {
        text("trap ");
        hex(cause);
        return pc + 4;
      }

      static wide state = 88172645463325252ull;
      static wide next(void) {
        state ^= state << 13;
        state ^= state >> 7;
        return state ^= state << 17;
      }
      static volatile unsigned locked;
      static double reals[16];
      struct node { struct node *left, *right; wide key; } nodes[200];

      static struct node *insert(struct node *root, struct node *leaf) {
        if (!root) return leaf;
        if (leaf->key < root->key) root->left = insert(root->left, leaf);
        else root->right = insert(root->right, leaf);
        return root;
      }
      static wide sum(struct node *n, int depth) {
        return n ? n->key * (wide)depth + sum(n->left, depth + 1) + sum(n->right, depth + 2) : 0;
      }

      int main(void) {
        text("bytes of a word ");
        hex(sizeof(word));
        struct node *root = 0;
        for (int i = 0; i < 200; i++) {
          nodes[i].key = next();
          root = insert(root, &nodes[i]);
        }
        hex(sum(root, 1));
        wide quotients = 0;
        for (int i = 0; i < 500; i++) {
          wide a = next(), b = next() >> (i & 63) | 1;
          quotients += a / b ^ a % b;
          quotients += (long long)a / (int)b + (unsigned)a % (unsigned)(b | 1);
        }
        hex(quotients);
        for (int i = 0; i < 16; i++) reals[i] = (double)(long long)next() / (i + 0.5f);
        double total = 0;
        for (int i = 0; i < 16; i++) total += reals[i] * reals[15 - i];
        hex((union { double d; wide w; }){total}.w);
        hex((wide)(long long)(float)total);
        for (int i = 0; i < 100; i++) __sync_fetch_and_add(&locked, i * 7);
        hex(locked);
        __asm__ volatile(".option push\\n.option norvc\\necall\\n.word 0\\n.option pop"
            :::
                "memory", "ra", "t0", "t1", "t2", "t3", "t4", "t5", "t6",
                "a0", "a1", "a2", "a3", "a4", "a5", "a6", "a7");
        text("done\\n");
        return 42;
      }
      """;

  @TempDir private Path folder;

  @ParameterizedTest
  @CsvSource({
    "32, rv32imac, ilp32",
    "32, rv32imafdc, ilp32d",
    "32, rv32imafc, ilp32f",
    "64, rv64imac, lp64",
    "64, rv64imafdc, lp64d",
  })
  void theProgramDoesTheSame(int xlen, String march, String abi) throws Exception {
    String program = build(march, abi);
    var boot = new BootOptions("none", program, null, null, null);
    try (var machine = new BoardMachine("virt", "rv" + xlen, RAM, 1, boot)) {
      int code = machine.run();
      var ours = new Outcome(machine.printed(), code);
      assertThat(ours).isEqualTo(qemu(xlen, program));
      assertThat(ours.printed()).startsWith("bytes of a word 000000000000000" + xlen / 8);
      assertThat(ours.printed()).endsWith("done\n");
      assertThat(ours.code()).isEqualTo(42);
    }
  }

  private String build(String march, String abi) throws Exception {
    Path source = Files.writeString(folder.resolve("program.c"), SOURCE);
    Path program = folder.resolve("program.elf");
    var command =
        List.of(
            COMPILER,
            "-march=" + march,
            "-mabi=" + abi,
            "-mcmodel=medany",
            "-O2",
            "-ffreestanding",
            "-fno-tree-loop-distribute-patterns",
            "-nostdlib",
            "-static",
            "-misa-spec=2.2",
            "-Wl,-n,--no-relax,--section-start=.init=0x80000000,-Ttext=0x80001000",
            "-o",
            program.toString(),
            source.toString(),
            "-lgcc");
    Outcome compiled =
        run(command, "needs " + COMPILER + ": apt-get install gcc-riscv64-unknown-elf");
    assertThat(compiled.code()).as(compiled.printed()).isZero();
    return program.toString();
  }

  private record Outcome(String printed, int code) {}

  private Outcome qemu(int xlen, String program) throws Exception {
    return run(
        List.of(
            "qemu-system-riscv" + xlen,
            "-M",
            "virt",
            "-nographic",
            "-monitor",
            "none",
            "-bios",
            "none",
            "-kernel",
            program),
        "needs QEMU: apt-get install qemu-system-misc");
  }

  private Outcome run(List<String> command, String needed) throws InterruptedException {
    try {
      Path printed = folder.resolve("printed");
      Process process =
          new ProcessBuilder(command)
              .redirectErrorStream(true)
              .redirectOutput(printed.toFile())
              .start();
      process.getOutputStream().close();
      boolean ended = process.waitFor(60, TimeUnit.SECONDS);
      process.destroyForcibly();
      assertThat(ended).as("%s ends", command.getFirst()).isTrue();
      return new Outcome(
          Files.readString(printed, StandardCharsets.ISO_8859_1), process.exitValue());
    } catch (IOException e) {
      throw new AssertionError(needed, e);
    }
  }
}
