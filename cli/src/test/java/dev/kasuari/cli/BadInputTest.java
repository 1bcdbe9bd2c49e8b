package dev.kasuari.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What a person meets whose command line, files or guest are no good. */
@Tag("fast")
@Timeout(120)
class BadInputTest {
  private static final int SECTOR = 512;

  @TempDir private Path folder;

  private Path file(String name, byte... bytes) throws IOException {
    return Files.write(folder.resolve(name), bytes);
  }

  private void emptyFile(String name, long size) throws IOException {
    try (var file = new RandomAccessFile(folder.resolve(name).toFile(), "rw")) {
      file.setLength(size);
    }
  }

  @BeforeEach
  void files() throws IOException {
    byte[] kernel = BadGuests.dividesByZero();
    file("kernel", kernel);
    file("linux.cut", "MZ, and then nothing".getBytes(StandardCharsets.US_ASCII));
    file("elf.cut", elf(0xf3, 40));
    file("elf.x86", elf(0x3e, 120));
    emptyFile("large", 200 << 20);
    file("empty");
    emptyFile("disk", 4 * SECTOR);
    file("noise.dtb", new byte[100]);
    byte[] tree = devicetree();
    file("cut.dtb", Arrays.copyOf(tree, tree.length - 1));
    int structure = ByteBuffer.wrap(tree).getInt(8);
    tree[structure + 3] = 77; // instead of the token that begins the root
    file("damaged.dtb", tree);
  }

  /** An ELF file with 64 bits and one segment, of four bytes of zero. */
  private static byte[] elf(int machine, int length) {
    ByteBuffer elf = ByteBuffer.allocate(120).order(ByteOrder.LITTLE_ENDIAN);
    elf.put(0, new byte[] {0x7f, 'E', 'L', 'F', 2, 1, 1});
    elf.putShort(16, (short) 2).putShort(18, (short) machine).putLong(32, 64);
    elf.putShort(54, (short) 56).putShort(56, (short) 1);
    elf.putInt(64, 1).putLong(64 + 40, 4);
    return Arrays.copyOf(elf.array(), length);
  }

  private byte[] devicetree() throws IOException {
    Path file = folder.resolve("good.dtb");
    assertThat(riscv("-M", "virt,dumpdtb=" + file, "-display", "none").code()).isZero();
    return Files.readAllBytes(file);
  }

  private static Outcome riscv(String... words) {
    return Outcome.ofRiscv(List.of(words));
  }

  // ---- files and options -----------------------------------------------------------------------

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "-kernel {kernle} | -kernel kernle: no such file. Did you mean kernel?",
        "-kernel {linux.cut} | -kernel linux.cut: truncated: it has 20 bytes",
        "-kernel {elf.cut} | -kernel elf.cut: truncated: it has 40 bytes",
        "-kernel {elf.x86} | -kernel elf.x86: is for x86-64, this machine is RISC-V 64",
        "-bios {elf.x86} | -bios elf.x86: is for x86-64, this machine is RISC-V 64",
        "-kernel {empty} | -kernel empty: the file is empty",
        "-kernel {large} | -kernel large: kernel of 200 MiB at 0x80200000 does not fit in 128 MiB of"
            + " RAM: use -m 256M",
        "-kernel {kernel} -initrd {large} | -kernel kernel -initrd large: initrd of 200 MiB does not"
            + " fit in 128 MiB of RAM: use -m 256M",
        "-kernel {kernel} -dtb {noise.dtb} | -dtb noise.dtb: not a devicetree blob (a .dtb file)",
        "-kernel {kernel} -dtb {cut.dtb} | -dtb cut.dtb: truncated: it has ",
        "-kernel {kernel} -dtb {damaged.dtb} | -dtb damaged.dtb: damaged devicetree: ",
        "-m 0 | -m 0: a machine needs memory; the default is 128M",
        "-m 1E | -m 1E: a machine has 4 TiB at the most",
        "-m 1Z | -m 1Z: 'size': '1Z' is not a size; write a number with K, M, G, T, P or E, such"
            + " as 512M",
        "-smp 99 | -smp 99: machine 'virt' has at most 8 CPUs, not 99",
        "-M virt,gic=3 | -M virt,gic=3: unknown property 'gic'; there are type, accel, dumpdtb",
        "-device virtio-rgn-device | -device virtio-rgn-device: no such device; did you mean"
            + " 'virtio-rng-device'?",
        "-device virtio-rng-device,period=x | -device virtio-rng-device: 'period' must be a whole"
            + " number, not 'x'",
        "-device virtio-rng-device,perod=1 | -device virtio-rng-device: unknown property 'perod';"
            + " did you mean 'period'?",
        "-drive file={dsik},format=raw | -drive file=dsik: no such file; did you mean 'disk'?",
        "-drive file={empty},format=raw | -drive file=empty: it is empty; make a disk of a gibibyte"
            + " with 'truncate -s 1G'",
      })
  void oneLineSaysWhatAndWhereAndWhatWouldBeRight(String words, String message) {
    Outcome outcome =
        riscv(
            ("-display none " + words).replaceAll("\\{", folder + "/").replace("}", "").split(" "));
    assertThat(outcome.err()).hasLineCount(1);
    assertThat(outcome.err().replace(folder + "/", "").strip())
        .startsWith("kasuari-system-riscv64: " + message);
    assertThat(outcome.out()).isEmpty();
    assertThat(outcome.code()).isEqualTo(1);
  }

  @Test
  void whatHasNoSizeIsNoDisk() {
    Outcome outcome = riscv("-display", "none", "-drive", "file=/proc/version,format=raw");
    assertThat(outcome.err().strip())
        .isEqualTo(
            "kasuari-system-riscv64: -drive file=/proc/version: cannot be a disk: Invalid argument;"
                + " give a file or a block device");
    assertThat(outcome.code()).isEqualTo(1);
  }

  @Test
  void aFileThatCannotBeWrittenIsNoDiskToWrite() throws Exception {
    Path disk = folder.resolve("disk");
    Files.setPosixFilePermissions(disk, PosixFilePermissions.fromString("r--r--r--"));
    try (var kasuari = ChildKasuari.startWithoutPrivileges("-drive", "format=raw,file=" + disk)) {
      assertThat(kasuari.exit()).isEqualTo(1);
      assertThat(kasuari.screen())
          .contains("it can be read but not written; add readonly=on, or let it be written");
    }
  }

  // ---- guests ----------------------------------------------------------------------------------

  private Outcome run(byte[] guest, String... more) throws IOException {
    var words = new ArrayList<String>(List.of("-display", "none", "-bios", "none", "-m", "16M"));
    words.addAll(List.of("-kernel", file("guest", guest).toString()));
    words.addAll(List.of(more));
    return Outcome.ofRiscv(words);
  }

  private static void assertEnds(Outcome outcome, int code) {
    assertThat(outcome.err()).isEmpty();
    assertThat(outcome.out()).isEmpty();
    assertThat(outcome.code()).isEqualTo(code);
  }

  private static final int ACCESS_FAULT = 1;
  private static final int ILLEGAL_INSTRUCTION = 2;

  @Test
  void guestsGetTheTrapsThatTheManualSays() throws Exception {
    assertEnds(run(BadGuests.jumpsToNowhere()), ACCESS_FAULT);
    assertEnds(run(BadGuests.runsOffTheEnd()), ACCESS_FAULT);
    assertEnds(run(BadGuests.writesOverItsCode()), ILLEGAL_INSTRUCTION);
    assertEnds(run(BadGuests.dividesByZero()), 0);
  }

  @Test
  void aKernelThatIsAnythingElseRuns() throws Exception {
    // Raw code cannot be told from noise; it traps, and so on, until somebody ends it.
    try (var running = ChildKasuari.start("-kernel", file("guest", new byte[64]).toString())) {
      running.type("\u0001x");
      assertThat(running.exit()).isZero();
    }
  }

  @Test
  void aMachineWithNothingToStartSaysSo() throws Exception {
    try (var running = ChildKasuari.start()) {
      running.await("there is nothing to start. Give a kernel (-kernel FILE)");
      running.type("\u0001x");
      assertThat(running.exit()).isZero();
    }
  }

  @Test
  void aGuestThatLoopsInAnExceptionCanBeLeft() throws Exception {
    Path guest = file("guest", BadGuests.loopsInAnException());
    try (var running = ChildKasuari.start("-bios", "none", "-kernel", guest.toString())) {
      running.await("!");
      running.type("\u0001x");
      assertThat(running.exit()).isZero();
      assertThat(running.screen()).contains("ended by Ctrl-A x").doesNotContain("Exception");
    }
  }

  @Test
  void aDiskOfOddSizeIsFilledUp() throws Exception {
    Path disk = file("odd", new byte[SECTOR + 1]);
    assertEnds(run(BadGuests.dividesByZero(), "-drive", "format=raw,file=" + disk), 0);
    assertThat(disk).hasSize(SECTOR + 1);
  }

  @Test
  void aGuestThatSwitchesOffDuringWritesTearsNoSector() throws Exception {
    Path disk = folder.resolve("written");
    Path console = folder.resolve("console");
    for (int round = 0; round < 3; round++) { // the image is free again each time
      Files.deleteIfExists(disk);
      emptyFile("written", (long) BadGuests.REQUESTS * BadGuests.REQUEST);
      Outcome outcome =
          run(
              BadGuests.powersOffDuringWrites(),
              "-serial",
              "file:" + console,
              "-drive",
              "format=raw,file=" + disk);
      assertEnds(outcome, 42);
      check(Files.readAllBytes(disk), Files.readAllBytes(console));
    }
  }

  /** What the guest was told is done is there; the rest is there or not, sector by sector. */
  private static void check(byte[] disk, byte[] done) {
    assertThat(done).hasSizeGreaterThanOrEqualTo(8);
    for (byte letter : done) {
      int request = letter - '0';
      assertThat(sectors(disk, request)).as("request %s", request).containsOnly(request + 1);
    }
    for (int request = 0; request < BadGuests.REQUESTS; request++) {
      assertThat(sectors(disk, request)).as("request %s", request).isSubsetOf(0, request + 1);
    }
  }

  /** What each sector of a request is filled with, or -1 if it is not filled with one value. */
  private static Set<Integer> sectors(byte[] disk, int request) {
    var found = new TreeSet<Integer>();
    for (int at = request * BadGuests.REQUEST; at < (request + 1) * BadGuests.REQUEST; ) {
      byte first = disk[at];
      int end = at + SECTOR;
      boolean same = true;
      for (; at < end; at++) {
        same &= disk[at] == first;
      }
      found.add(same ? Integer.valueOf(first) : Integer.valueOf(-1));
    }
    return found;
  }
}
