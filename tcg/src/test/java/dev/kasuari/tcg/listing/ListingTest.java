package dev.kasuari.tcg.listing;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.kasuari.softfloat.FloatEnv;
import dev.kasuari.tcg.CompiledCode;
import dev.kasuari.tcg.HostCode;
import dev.kasuari.tcg.TestCpu;
import dev.kasuari.tcg.TranslatedUnit;
import dev.kasuari.tcg.ir.Emitter;
import dev.kasuari.tcg.ir.ExitReason;
import dev.kasuari.tcg.ir.IrUnit;
import dev.kasuari.tcg.x86_64.X86BackEnd;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.NavigableMap;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Emitted code as text, in files, and in perf's map. */
@Tag("fast")
@Timeout(60)
class ListingTest {
  @TempDir private Path folder;
  private X86BackEnd backEnd;

  @BeforeEach
  void open() {
    assumeTrue(X86BackEnd.available(), "the back end needs Linux on x86-64");
    backEnd = new X86BackEnd(FloatEnv.riscv(), 1 << 20);
  }

  @AfterEach
  void close() {
    if (backEnd != null) {
      backEnd.close();
    }
  }

  private static IrUnit unit(int constant) {
    var e = new Emitter();
    e.begin();
    e.instruction(0, 4, 0, false);
    e.set(TestCpu.X, 1, e.xor(e.get(TestCpu.X, 2), constant));
    e.exit(ExitReason.LOOKUP, e.pc(4));
    return e.finish();
  }

  private CompiledCode compile(IrUnit unit) {
    return Objects.requireNonNull(backEnd.compile(unit, 0));
  }

  private HostCode code(int constant) {
    IrUnit unit = unit(constant);
    return Objects.requireNonNull(compile(unit).hostCode(unit));
  }

  private TranslatedUnit translated(int constant) {
    IrUnit unit = unit(constant);
    long pc = 0x8000_0000L + 4L * constant;
    return new TranslatedUnit(
        0, pc, constant, 3, 0, 4, unit, compile(unit), () -> "guest code " + constant + "\n");
  }

  // ---- listings --------------------------------------------------------------------------------

  @Test
  void oneRunReadsManyUnitsEachAtItsAddress() {
    List<HostCode> codes = new ArrayList<>();
    for (int i = 0; i < 300; i++) {
      codes.add(code(0x1000 + i));
    }
    List<NavigableMap<Integer, String>> read = new Objdump().read(codes);
    assertThat(read).hasSameSizeAs(codes);
    for (int i = 0; i < codes.size(); i++) {
      assertThat(read.get(i).firstKey()).as("unit %d", i).isZero();
      assertThat(read.get(i).lastKey()).as("unit %d", i).isLessThan(codes.get(i).size());
      assertThat(codes.get(i).text(read.get(i)))
          .startsWith("; unit_start 1\n  %x:\t".formatted(codes.get(i).address()))
          .containsPattern(
              "\n; v2:i64 = xor v0, v1\n(.*\n)?.*\txor .*,0x%x\n".formatted(0x1000 + i))
          .doesNotContain("(bad)");
    }
  }

  @Test
  void textComesInOrderAndAllOfItBeforeTheEnd() {
    List<String> titles = Collections.synchronizedList(new ArrayList<>());
    List<String> notices = Collections.synchronizedList(new ArrayList<>());
    List<String> expected = new ArrayList<>();
    try (var lister = new Lister("lister", new Objdump(), notices::add)) {
      for (int i = 0; i < 100; i++) {
        String title = "unit " + i;
        expected.add(title);
        HostCode code = i % 10 == 3 ? null : code(i);
        lister.list(code, text -> titles.add(text.isEmpty() == (code == null) ? title : text));
      }
    }
    assertThat(titles).isEqualTo(expected);
    assertThat(notices).isEmpty();
  }

  @Test
  void withoutObjdumpBytesAreShownAndThatIsSaidOnce() {
    List<String> notices = Collections.synchronizedList(new ArrayList<>());
    List<String> texts = Collections.synchronizedList(new ArrayList<>());
    var absent = new Objdump(folder.resolve("objdump").toString(), Duration.ofSeconds(10));
    for (int round = 0; round < 2; round++) {
      try (var lister = new Lister("lister", absent, notices::add)) {
        lister.list(code(0x1234567), texts::add);
        lister.list(code(0x1234567), texts::add);
      }
      assertThat(notices).hasSize(round + 1);
    }
    assertThat(notices.getFirst()).contains("no objdump (binutils)");
    assertThat(texts).hasSize(4).allMatch(text -> text.contains("67 45 23 01"));
    assertThat(absent.listing(code(0x1234567))).contains("67 45 23 01").contains("; v2:i64 =");
  }

  /** It says something, but never all of it. */
  @Test
  @Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
  void anObjdumpThatHangsIsEnded() throws Exception {
    Path hangs = folder.resolve("objdump");
    Files.writeString(hangs, "#!/bin/sh\necho Disassembly\nexec sleep 600\n");
    Files.setPosixFilePermissions(hangs, PosixFilePermissions.fromString("rwx------"));
    var objdump = new Objdump(hangs.toString(), Duration.ofMillis(50));
    assertThat(objdump.listing(code(0x1234567))).contains("67 45 23 01");
    assertThat(ProcessHandle.current().children())
        .noneMatch(child -> child.info().arguments().toString().contains("600") && alive(child));
  }

  private static boolean alive(ProcessHandle process) {
    return process.onExit().completeOnTimeout(null, 30, TimeUnit.SECONDS).join() == null;
  }

  /** More than there is room for, so that whoever goes on would wait. */
  @Test
  @Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
  void nobodyWaitsForAListerThatEnded() {
    List<String> notices = Collections.synchronizedList(new ArrayList<>());
    List<String> texts = Collections.synchronizedList(new ArrayList<>());
    try (var lister = new Lister("lister", new Objdump(), notices::add)) {
      lister.list(null, texts::add);
      lister.list(
          null,
          text -> {
            throw new IllegalStateException("out of paper");
          });
      for (int i = 0; i < 5000; i++) {
        lister.list(null, text -> {});
      }
    }
    assertThat(texts).containsExactly("");
    assertThat(notices)
        .singleElement()
        .asString()
        .startsWith("code is no longer written, the rest is left out: ")
        .endsWith("out of paper");
  }

  // ---- the dump --------------------------------------------------------------------------------

  @Test
  void aDumpHasEveryUnitWithAllItsForms() throws Exception {
    Path file = folder.resolve("dump");
    List<String> notices = Collections.synchronizedList(new ArrayList<>());
    try (var dump = new UnitDump(file, notices::add)) {
      dump.translated(translated(7));
      dump.translated(translated(0x77));
    }
    assertThat(notices).isEmpty();
    assertThat(file)
        .content()
        .startsWith("== unit 1: cpu0 pc 0x000000008000001c mode 0x3, ram 0x7, flags 0x0, 4 bytes\n")
        .contains("\nguest:\nguest code 7\nir:\nb0:\n")
        .contains("\noptimised:\nb0:\n")
        .containsPattern("\nemitted, [0-9]+ bytes at 0x[0-9a-f]+:\n; unit_start")
        .containsPattern("\txor .*,0x77\n")
        .contains("\n== unit 2: cpu0 pc 0x00000000800001dc")
        .endsWith("\n\n");
  }

  @Test
  void aDumpThatCannotGoOnSaysSoOnce() throws Exception {
    assumeTrue(Files.isWritable(Path.of("/dev/full")), "needs /dev/full");
    List<String> notices = Collections.synchronizedList(new ArrayList<>());
    try (var dump = new UnitDump(Path.of("/dev/full"), notices::add)) {
      dump.translated(translated(1));
      dump.translated(translated(2));
    } catch (java.io.IOException e) {
      assertThat(e).hasMessageContaining("No space left");
    }
    assertThat(notices)
        .singleElement()
        .asString()
        .startsWith("dump=/dev/full: cannot be written, the rest is left out: No space left");
  }

  // ---- perf ------------------------------------------------------------------------------------

  @Test
  void perfsMapGrowsBesideWhatOthersWrite() throws Exception {
    Path file = Files.writeString(folder.resolve("perf.map"), "1000 10 of the JVM\n");
    TranslatedUnit first = translated(1);
    TranslatedUnit second = translated(2);
    try (var map = new PerfMap(file, notice -> {})) {
      map.routine("stubs", 0xabc000, 0x123);
      map.translated(first);
      Files.writeString(file, "2000 20 of the JVM\n", StandardOpenOption.APPEND);
      map.translated(second);
    }
    assertThat(Files.readAllLines(file))
        .containsExactly(
            "1000 10 of the JVM",
            "abc000 123 kasuari stubs",
            line(first) + " guest 0x80000004 mode 0x3",
            "2000 20 of the JVM",
            line(second) + " guest 0x80000008 mode 0x3");
  }

  private static String line(TranslatedUnit unit) {
    return "%x %x".formatted(unit.code().hostAddress(), unit.code().hostSize());
  }

  @Test
  void whatAnEarlierProcessLeftIsThrownAway() throws Exception {
    Path file = Files.writeString(folder.resolve("perf.map"), "1000 10 long ago\n");
    Files.setLastModifiedTime(file, FileTime.from(Instant.parse("2006-06-17T16:01:21Z")));
    try (var map = new PerfMap(file, notice -> {})) {
      map.routine("stubs", 0xabc000, 0x123);
    }
    assertThat(file).hasContent("abc000 123 kasuari stubs\n");
  }

  @Test
  void aLinkThatSomebodyPlantedIsNotFollowed() throws Exception {
    Path victim = Files.writeString(folder.resolve("victim"), "precious");
    for (Path target : List.of(victim, folder.resolve("absent"))) {
      Path link = folder.resolve("perf.map");
      Files.createSymbolicLink(link, target);
      assertThatThrownBy(() -> new PerfMap(link, notice -> {}))
          .isInstanceOf(FileSystemException.class)
          .hasMessageContaining(link + ": it is a link, which is not followed");
      assertThat(victim).hasContent("precious");
      assertThat(folder.resolve("absent")).doesNotExist();
      Files.delete(link);
    }
  }

  @Test
  void whatIsNoFileIsNotWrittenTo() throws Exception {
    Path pipe = folder.resolve("perf.map");
    assertThat(new ProcessBuilder("mkfifo", pipe.toString()).inheritIO().start().waitFor())
        .isZero();
    assertThatThrownBy(() -> new PerfMap(pipe, notice -> {}))
        .hasMessageContaining("it is no regular file");
  }
}
