package dev.kasuari.cli;

import static dev.kasuari.target.riscv.asm.Reg.A0;
import static dev.kasuari.target.riscv.asm.Reg.A1;
import static dev.kasuari.target.riscv.asm.Reg.T0;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.kasuari.machine.LogCategory;
import dev.kasuari.target.riscv.asm.Assembler;
import dev.kasuari.target.riscv.isa.RiscvEncoder;
import dev.kasuari.tcg.x86_64.X86BackEnd;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** {@code -d} and {@code -D}, from the command line to the file. */
@Tag("fast")
@Timeout(60)
class LogOptionTest {
  private static final int MTVEC = 0x305;
  private static final int FINISHER = 0x10_0000;

  @TempDir private Path folder;

  /** Asks for a CSR that is not there, reads where nobody answers, and switches off. */
  private Path program() throws IOException {
    var a = new Assembler();
    var handler = a.label("handler");
    var next = a.label("next");
    a.la(T0, handler);
    a.i(RiscvEncoder.csrrw(0, MTVEC, T0), RiscvEncoder.csrrs(A0, 0x7c0, 0));
    a.align(4);
    a.bind(handler);
    a.la(T0, next);
    a.i(RiscvEncoder.csrrw(0, MTVEC, T0), RiscvEncoder.lw(A0, 0, 0x40));
    a.align(4);
    a.bind(next);
    a.li(A0, FINISHER);
    a.li(A1, 0x5555);
    a.i(RiscvEncoder.sw(A0, A1, 0));
    a.j(a.here("forever"));
    return Files.write(folder.resolve("kernel"), a.assemble());
  }

  private Outcome run(String... options) throws IOException {
    var words =
        new ArrayList<>(
            List.of("-m", "16M", "-bios", "none", "-serial", "null", "-display", "none"));
    words.addAll(List.of("-kernel", program().toString()));
    words.addAll(List.of(options));
    return Outcome.ofRiscv(words);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "in_asm | IN: mode",
        "in_asm | csrr    a0,",
        "op | unit_start",
        "int | hart0: illegal instruction (2) epc 0x",
        "int | hart0: load access fault (5) epc 0x",
        "mmu | hart0: mmu3 READ 0x40 -> 0x40",
        "guest_errors | memory: nobody answers read32(0x40)",
        "unimp | hart0: no CSR 0x7c0, asked for at 0x",
        "exec | cpu0 exec 0x0000000080000000",
        "cpu | mtvec",
        "cpu_reset | hart0: reset",
        "int,unimp | hart0: no CSR 0x7c0",
        "all | hart0: no CSR 0x7c0",
      })
  void anItemIsInTheFile(String items, String part) throws IOException {
    Path log = folder.resolve("log");
    for (String backEnd : List.of("interp", "x86_64")) {
      if (backEnd.equals("interp") || X86BackEnd.available()) {
        Outcome outcome =
            run("-accel", "tcg,backend=" + backEnd, "-d", items, "-D", log.toString());
        assertThat(outcome.err()).isEmpty();
        assertThat(outcome.code()).isZero();
        assertThat(log).content().as(backEnd).contains(part).endsWith("\n");
      }
    }
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "out_asm | OUT: cpu0 pc 0x0000000080000000 mode 0x",
        "out_asm | ; unit_start",
        "op_opt | OP_OPT: cpu0 pc 0x0000000080000000 mode 0x",
        "all | OUT: cpu0 pc 0x0000000080000000 mode 0x",
      })
  void machineCodeIsInTheFile(String items, String part) throws IOException {
    assumeTrue(X86BackEnd.available(), "the back end needs Linux on x86-64");
    Path log = folder.resolve("log");
    for (String accel : List.of("tcg", "tcg,lockstep=on")) {
      Outcome outcome = run("-accel", accel, "-d", items, "-D", log.toString());
      assertThat(outcome.err()).isEmpty();
      assertThat(outcome.code()).isZero();
      assertThat(log).content().as(accel).contains(part).endsWith("\n");
    }
  }

  @Test
  void lockstepSaysAtTheEndHowMuchWasCompared() throws IOException {
    assumeTrue(X86BackEnd.available(), "the back end needs Linux on x86-64");
    Path log = folder.resolve("log");
    assertThat(run("-accel", "tcg,lockstep=on", "-D", log.toString()).code()).isZero();
    assertThat(log)
        .content()
        .containsPattern(
            "^lockstep: interp and x86_64 did the same in [1-9][0-9]* runs of units; 0 were not"
                + " compared, ");
  }

  /** Two of them on Arm: ADD is an instruction of the host, CLZ is not. */
  @Test
  void vectorOperationsAreCounted() throws IOException {
    int[] words = {
      0xd2a00600, // mov x0, #3 << 20
      0xd5181040, // msr cpacr_el1, x0
      0xd5033fdf, // isb
      0x52800141, // mov w1, #10
      0x4ea08400, // add v0.4s, v0.4s, v0.4s
      0x6ea04801, // clz v1.4s, v0.4s
      0x71000421, // subs w1, w1, #1
      0x54ffffa1, // b.ne to the add
      0x52800100, // mov w0, #8
      0x72b08000, // movk w0, #0x8400, lsl #16: SYSTEM_OFF
      0xd4000002, // hvc #0
    };
    var bytes = ByteBuffer.allocate(4 * words.length).order(ByteOrder.LITTLE_ENDIAN);
    bytes.asIntBuffer().put(words);
    Path kernel = Files.write(folder.resolve("kernel"), bytes.array());
    Path log = folder.resolve("log");
    var command = new ArrayList<>(List.of("system", "aarch64", "-M", "virt", "-m", "32M"));
    command.addAll(List.of("-nodefaults", "-display", "none", "-kernel", kernel.toString()));
    command.addAll(List.of("-d", "vector_ops", "-D", log.toString(), "-accel"));
    command.add("tcg,backend=interp");
    assertThat(Outcome.of(command).code()).isZero();
    String head = "vector operations done in Java:\n";
    assertThat(log).hasContent(head + "          10 add\n          10 clz\n");
    if (X86BackEnd.available()) {
      command.set(command.size() - 1, "tcg,cold-runs=0,code-archive=off");
      assertThat(Outcome.of(command).code()).isZero();
      assertThat(log).hasContent(head + "          10 clz\n");
    }
  }

  @Test
  void theInterpreterMakesNoMachineCode() throws IOException {
    Path log = folder.resolve("log");
    run("-accel", "tcg,backend=interp", "-d", "out_asm,op_opt", "-D", log.toString());
    assertThat(log).isEmptyFile();
  }

  @Test
  void withoutItemsTheFileIsEmpty() throws IOException {
    Path log = folder.resolve("log");
    assertThat(run("-D", log.toString()).code()).isZero();
    assertThat(log).isEmptyFile();
  }

  @Test
  void aFileThatCannotBeWrittenIsNamed() throws IOException {
    Path log = folder.resolve("none/log");
    Outcome outcome = run("-d", "int", "-D", log.toString());
    assertThat(outcome.err())
        .contains("-D " + log + ": cannot be written: there is no such folder");
    assertThat(outcome.code()).isEqualTo(1);
  }

  @Test
  void helpListsEveryItemAndNoOther() {
    String help = Outcome.ofRiscv(List.of("-d", "help")).out();
    for (LogCategory category : LogCategory.values()) {
      String doc = Pattern.quote(category.doc());
      assertThat(help).containsPattern("(?m)^  " + category.option() + " +" + doc);
    }
    assertThat(help).doesNotContain("op_ind").doesNotContain("nochain");
  }

  @ParameterizedTest
  @CsvSource({
    "in-asm, in_asm",
    "guest_error, guest_errors",
    "unimpl, unimp",
    "ints, int",
    "exce, exec"
  })
  void aTypoGetsTheNearestItem(String typo, String item) {
    assertThat(Outcome.ofRiscv(List.of("-d", typo)).err().strip())
        .isEqualTo(
            "kasuari-system-riscv64: -d: unknown log item '%s'; did you mean '%s'?"
                .formatted(typo, item));
  }

  @ParameterizedTest
  @CsvSource({"op_ind", "op_plugin", "nochain"})
  void itemsOfQemuThatComeLaterAreSaid(String item) {
    assertThat(Outcome.ofRiscv(List.of("-d", item)).err())
        .contains("-d " + item + ": QEMU has this log item, Kasuari does not have it yet");
  }
}
