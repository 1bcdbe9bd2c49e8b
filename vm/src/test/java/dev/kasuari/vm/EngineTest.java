package dev.kasuari.vm;

import static dev.kasuari.target.riscv.asm.Reg.A0;
import static dev.kasuari.target.riscv.asm.Reg.A1;
import static dev.kasuari.target.riscv.asm.Reg.S0;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.kasuari.boards.Boards;
import dev.kasuari.boards.BootOptions;
import dev.kasuari.machine.Shutdown;
import dev.kasuari.qapi.OptionException;
import dev.kasuari.qapi.OptionSource;
import dev.kasuari.target.riscv.asm.Assembler;
import dev.kasuari.target.riscv.isa.RiscvEncoder;
import dev.kasuari.tcg.listing.PerfMap;
import dev.kasuari.tcg.x86_64.X86BackEnd;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** What {@code -accel tcg,...} does to a machine that runs. */
@Tag("fast")
@Timeout(60)
class EngineTest {
  private static final int FINISHER = 0x10_0000;
  private static final long MIB = 1 << 20;

  /** How shared anonymous memory ends in {@code /proc/self/maps}. */
  private static final String CODE = " /dev/zero (deleted)";

  @TempDir private Path folder;

  @BeforeEach
  void needsMachineCode() {
    assumeTrue(X86BackEnd.available(), "the back end needs Linux on x86-64");
  }

  /**
   * Asks for AND with a complement, goes twice through long code that never repeats, and says what
   * it computed to the test finisher.
   */
  private Path program(int length) throws IOException {
    var a = new Assembler();
    a.li(A0, 0);
    a.li(S0, 2);
    var again = a.here("again");
    for (int i = 0; i < length; i++) {
      a.i(RiscvEncoder.addi(A0, A0, i % 5), RiscvEncoder.xori(A0, A0, i % 1999));
    }
    a.i(RiscvEncoder.addi(S0, S0, -1));
    var done = a.label("done");
    a.i(RiscvEncoder.andn(A1, A0, S0));
    a.i(RiscvEncoder.andi(A0, A0, 0xff));
    a.beqz(S0, done);
    a.j(again);
    a.bind(done);
    a.i(RiscvEncoder.slli(A0, A0, 16));
    a.li(A1, 0x3333);
    a.i(RiscvEncoder.or(A1, A0, A1));
    a.li(A0, FINISHER);
    a.i(RiscvEncoder.sw(A0, A1, 0));
    a.j(a.here("forever"));
    return Files.write(folder.resolve("kernel"), a.assemble());
  }

  private static int computed(int length) {
    int a0 = 0;
    for (int round = 0; round < 2; round++) {
      for (int i = 0; i < length; i++) {
        a0 = (a0 + i % 5) ^ (i % 1999);
      }
      a0 &= 0xff;
    }
    return a0;
  }

  private VirtualMachine machine(Path kernel, String accel) throws Exception {
    return VirtualMachine.create(
        MachineDescription.of(Boards.of("riscv64").getFirst())
            .ram(16 << 20)
            .accel(AccelOptions.parse(OptionSource.of("-accel", accel, "accel")))
            .boot(new BootOptions("none", kernel.toString(), null, null, null))
            .build());
  }

  private int run(Path kernel, String accel) throws Exception {
    try (var machine = machine(kernel, accel)) {
      machine.start();
      Shutdown end = machine.machine().awaitShutdown(30, TimeUnit.SECONDS);
      assertThat(end).as("the machine's end").isNotNull();
      return end.exitCode();
    }
  }

  /** Bytes that are mapped for code, writable and executable views together. */
  private static long codeBytes() throws IOException {
    try (var lines = Files.lines(Path.of("/proc/self/maps"))) {
      return lines
          .filter(line -> line.endsWith(CODE))
          .map(line -> line.substring(0, line.indexOf(' ')).split("-"))
          .mapToLong(range -> Long.parseLong(range[1], 16) - Long.parseLong(range[0], 16))
          .filter(bytes -> bytes >= MIB) // less is the fault handler's
          .sum();
    }
  }

  /** Bytes that a machine maps for code; it gives them back. */
  private long mapped(Path kernel, String accel) throws Exception {
    long before = codeBytes();
    long more;
    try (var machine = machine(kernel, accel)) {
      assertThat(machine.machine().state().running()).isFalse();
      more = codeBytes() - before;
    }
    assertThat(codeBytes()).isEqualTo(before);
    return more;
  }

  @Test
  void roomForCodeIsWhatTbSizeSays() throws Exception {
    Path kernel = program(1);
    assertThat(mapped(kernel, "tcg,tb-size=1")).isEqualTo(2 * MIB);
    assertThat(mapped(kernel, "tcg,tb-size=48,backend=x86_64")).isEqualTo(2 * 48 * MIB);
    assertThat(mapped(kernel, "tcg,tb-size=3,lockstep=on")).isEqualTo(2 * 3 * MIB);
    assertThat(mapped(kernel, "tcg,tb-size=2047")).isEqualTo(2 * 2047 * MIB);
    assertThat(mapped(kernel, "tcg,backend=interp")).isZero();
  }

  /** The guest's code makes some 3 MiB of the host's. */
  @Test
  void aGuestWithMoreCodeThanRoomRunsAllTheSame() throws Exception {
    int length = 60_000;
    assertThat(run(program(length), "tcg,backend=x86_64,tb-size=1")).isEqualTo(computed(length));
  }

  @Test
  void aFeatureThatIsTakenAwayIsNotInTheCode() throws Exception {
    boolean hasBmi =
        Files.readAllLines(Path.of("/proc/cpuinfo")).stream()
            .anyMatch(line -> line.startsWith("flags") && line.contains(" bmi1 "));
    Path kernel = program(20);
    Path dump = folder.resolve("dump");
    for (String without : List.of("", ",without=bmi1", ",without=avx:bmi1", ",without=all")) {
      assertThat(run(kernel, "tcg,dump=" + dump + without)).isEqualTo(computed(20));
      assertThat(dump).content().contains("guest:").containsPattern("andn +a1,a0,s0");
      assertThat(Files.readString(dump).contains("\tandn   r"))
          .as(without)
          .isEqualTo(hasBmi && without.isEmpty());
    }
  }

  @Test
  void perfFindsTheNamesOfCodeWhereItIs() throws Exception {
    Path kernel = program(20);
    Path map = PerfMap.fileOfThisProcess();
    Files.deleteIfExists(map);
    try (var machine = machine(kernel, "tcg,perf-map=on,tb-size=2")) {
      List<String> executable =
          Files.readAllLines(Path.of("/proc/self/maps")).stream()
              .filter(line -> line.endsWith(CODE) && line.contains(" r-xs "))
              .toList();
      machine.start();
      machine.machine().awaitShutdown(30, TimeUnit.SECONDS);
      List<String> lines = Files.readAllLines(map);
      assertThat(lines.getFirst()).matches("[0-9a-f]+ [0-9a-f]+ kasuari stubs");
      assertThat(lines).anyMatch(line -> line.contains(" guest 0x80000000 mode 0x"));
      Pattern entry = Pattern.compile("([0-9a-f]+) ([0-9a-f]+) (guest|kasuari) .+");
      for (String line : lines) {
        Matcher matcher = entry.matcher(line);
        assertThat(matcher.matches()).as(line).isTrue();
        long start = Long.parseLong(matcher.group(1), 16);
        long size = Long.parseLong(matcher.group(2), 16);
        assertThat(executable).as(line).anyMatch(range -> within(range, start, start + size));
      }
    } finally {
      Files.deleteIfExists(map);
    }
  }

  @Test
  void aLinkInPlaceOfPerfsMapIsNamedAndNotFollowed() throws Exception {
    Path kernel = program(1);
    Path map = PerfMap.fileOfThisProcess();
    Files.deleteIfExists(map);
    Files.createSymbolicLink(map, folder.resolve("elsewhere"));
    try {
      assertThatThrownBy(() -> machine(kernel, "tcg,perf-map=on"))
          .isInstanceOf(OptionException.class)
          .hasMessage(
              "-accel tcg,perf-map=on: %s: cannot be written: it is a link, which is not followed"
                  .formatted(map));
    } finally {
      Files.deleteIfExists(map);
    }
    assertThat(folder.resolve("elsewhere")).doesNotExist();
  }

  private static boolean within(String mapping, long start, long end) {
    long[] range =
        Arrays.stream(mapping.substring(0, mapping.indexOf(' ')).split("-"))
            .mapToLong(text -> Long.parseLong(text, 16))
            .toArray();
    return range[0] <= start && end <= range[1];
  }

  @Test
  void aDumpThatCannotBeWrittenIsNamed() throws Exception {
    Path kernel = program(1);
    assertThatThrownBy(() -> machine(kernel, "tcg,dump=" + folder))
        .isInstanceOf(OptionException.class)
        .hasMessage("-accel tcg,dump=" + folder + ": cannot be written: it is a folder");
    assertThatThrownBy(() -> machine(kernel, "tcg,dump=" + folder.resolve("none/dump")))
        .isInstanceOf(OptionException.class)
        .hasMessageEndingWith("none/dump: cannot be written: there is no such folder");
  }

  /** It stood still while {@code -rtc clock=vm} looked at a clock that no machine moves. */
  @Test
  void theMachinesOwnClockMovesItsDate() throws Exception {
    Path kernel = program(1);
    var description =
        MachineDescription.of(Boards.of("riscv64").getFirst())
            .ram(16 << 20)
            .rtc(RtcOptions.parse(OptionSource.of("-rtc", "base=2006-06-17,clock=vm", "")))
            .shutdownPauses(true)
            .boot(new BootOptions("none", kernel.toString(), null, null, null))
            .build();
    try (var machine = VirtualMachine.create(description)) {
      long before = machine.machine().wallClock().epochNanos();
      machine.start();
      machine.machine().awaitShutdown(50, TimeUnit.MILLISECONDS);
      assertThat(machine.machine().wallClock().epochNanos()).isGreaterThan(before);
    }
  }
}
