package dev.kasuari.demo;

import static org.assertj.core.api.Assertions.assertThat;

import dev.kasuari.testkit.ConsoleProcess;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The demo kernel on a machine and a firmware that are not ours. */
@Tag("guest")
class DemoGuestTest {
  private static final int SECTOR = 512;

  @TempDir private Path directory;

  @BeforeEach
  void qemu() {
    assertThat(Qemu.installed())
        .as(Qemu.PROGRAM + " is installed (Debian: qemu-system-misc)")
        .isTrue();
  }

  /** Runs commands until the machine is off; what it printed. */
  private String run(String bootArguments, String... options) throws Exception {
    try (ConsoleProcess guest = Qemu.start(directory, bootArguments, options)) {
      assertThat(guest.exit()).as(guest.screen()).isZero();
      return guest.screen();
    }
  }

  private String[] newDisk(String more, String... options) throws Exception {
    Path image = Files.write(directory.resolve("disk.img"), DemoDisk.image());
    return concat(Qemu.disk(image, more), options);
  }

  private static String[] concat(String[] some, String... others) {
    String[] all = Arrays.copyOf(some, some.length + others.length);
    System.arraycopy(others, 0, all, some.length, others.length);
    return all;
  }

  @Test
  void greetsWithWhatItFound() throws Exception {
    assertThat(run("run=poweroff", "-smp", "4", "-m", "128M"))
        .contains("4 of 4 harts, 128 MiB of memory, Sv39 paging, SBI ")
        .contains("(OpenSBI)")
        .contains("Type help")
        .contains("kasuari> poweroff\nGood bye.");
    assertThat(run("quiet run=poweroff")).doesNotContain("Type help");
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 4, 8})
  void everyHartTicksAnswersAndRespectsTheLock(int harts) throws Exception {
    String screen = run("quiet run=cpus;poweroff", "-smp", "" + harts);
    Matcher row =
        Pattern.compile(
                "^ +(\\d+) +online +(\\d+) +(\\d+) +\\d+  (rv64imafdc|the same$)",
                Pattern.MULTILINE)
            .matcher(screen);
    for (int hart = 0; hart < harts; hart++) {
      assertThat(row.find()).as(screen).isTrue();
      assertThat(row.group(1)).isEqualTo("" + hart);
      assertThat(Integer.parseInt(row.group(2))).as("ticks, %s", screen).isPositive();
      assertThat(Integer.parseInt(row.group(3)) > 0 || harts == 1).as(screen).isTrue();
    }
    assertThat(screen).contains("it is " + 1000 * harts + ", as it must be");
  }

  @Test
  void moreHartsThanItHasRoomForAreLeftAlone() throws Exception {
    assertThat(run("quiet run=cpus;poweroff", "-smp", "9"))
        .contains("and 1 more")
        .contains("it is 8000, as it must be");
  }

  @Test
  void ticksThroughTheSbiWithoutSstc() throws Exception {
    assertThat(run("quiet run=cpus;poweroff", "-cpu", "rv64,sstc=off", "-smp", "2"))
        .contains("by the SBI's timer")
        .contains("it is 2000, as it must be");
  }

  @ParameterizedTest
  @CsvSource({"16M, 16 MiB", "32M, 32 MiB", "1G, 1 GiB", "5G, 5 GiB"})
  void usesAndMapsTheMemoryThereIs(String option, String shown) throws Exception {
    String screen = run("quiet run=mem;mem;poweroff", "-m", option, "-smp", "2");
    assertThat(screen)
        .contains(shown + ", memory@80000000")
        .contains("32 pages filled and read back twice, 0 words wrong")
        .contains("before 2 harts: all see the new one")
        .containsPattern("r-x .*kernel text")
        .containsPattern("r-- .*kernel constants")
        .containsPattern("rw- .*free memory")
        .contains("nothing is both writable and executable")
        .doesNotContain("WRONG");
    Matcher pages = Pattern.compile("pages .* 0 used, (\\d+) free").matcher(screen);
    assertThat(pages.find()).isTrue();
    String free = pages.group(1);
    assertThat(pages.find()).as("none is lost: %s", screen).isTrue();
    assertThat(pages.group(1)).isEqualTo(free);
  }

  @Test
  void listsDevicesAndWhatDriversFound() throws Exception {
    String[] options = newDisk("", "-device", "virtio-rng-device", "-smp", "2");
    assertThat(run("quiet run=disk;devices;poweroff", options))
        .containsPattern("0x10000000 +10  serial@10000000 +ns16550a +console")
        .containsPattern("0x0c000000 +-  plic@c000000 .*context [13]")
        .containsPattern("virtio_mmio@10008000 .*virtio: disk")
        .containsPattern("128 sectors, 64 KiB; [1-9]\\d* interrupts, on hart [01]")
        .containsPattern("offers .*FLUSH.*VERSION_1")
        .containsPattern("virtio_mmio@10007000 .*virtio: entropy source")
        .containsPattern("virtio_mmio@10001000 .*virtio: empty slot")
        .contains(" 0 interrupts that nobody asked for");
  }

  @Test
  void whatItWritesIsOnTheDisk() throws Exception {
    String screen =
        run(
            "quiet run=disk;disk write hello from the guest;disk;poweroff",
            newDisk("", "-smp", "3"));
    assertThat(screen)
        .contains("128 sectors, 64 KiB, signature \"KASUARI DISK 1\"")
        .contains("the emu's cousin")
        .contains("Visit 1 is written to sector 2, flushed and reads back")
        .contains("Written to sector 3")
        .contains("\nhello from the guest\nVisit 2 is written");
    ByteBuffer disk =
        ByteBuffer.wrap(Files.readAllBytes(directory.resolve("disk.img")))
            .order(ByteOrder.LITTLE_ENDIAN);
    assertThat(disk.getLong(2 * SECTOR)).isEqualTo(2);
    byte[] note = new byte[21];
    disk.get(3 * SECTOR, note);
    assertThat(new String(note, StandardCharsets.US_ASCII)).isEqualTo("hello from the guest\n");
  }

  @Test
  void showsSectors() throws Exception {
    assertThat(
            run("quiet run=disk read 0;disk read 128;disk read x;disk eat;poweroff", newDisk("")))
        .contains("  000  4b 41 53 55 41 52 49 20 44 49 53 4b 20 31 00 00  KASUARI DISK 1..\n")
        .contains("disk read: sectors are 0 to 127.")
        .contains("disk read: which sector?")
        .contains("disk eat: not known.");
  }

  @Test
  void livesWithoutADisk() throws Exception {
    assertThat(run("quiet run=disk;disk read 1;poweroff"))
        .contains("disk: there is no disk to work with");
  }

  @Test
  void leavesAReadOnlyDiskAlone() throws Exception {
    assertThat(run("quiet run=disk;disk write x;poweroff", newDisk(",readonly=on")))
        .contains("The disk is read-only, so nothing is written.")
        .contains("disk write: the disk is read-only.");
    assertThat(directory.resolve("disk.img")).hasBinaryContent(DemoDisk.image());
  }

  @Test
  void leavesSomebodyElsesDiskAlone() throws Exception {
    byte[] foreign = new byte[8 * SECTOR];
    Arrays.fill(foreign, (byte) '#');
    Path image = Files.write(directory.resolve("foreign.img"), foreign);
    assertThat(run("quiet run=disk;disk write x;disk read 7;poweroff", Qemu.disk(image, "")))
        .contains("8 sectors, 4 KiB. No signature")
        .contains("Not written.")
        .contains("1f0  23 23");
    assertThat(image).hasBinaryContent(foreign);
  }

  @ParameterizedTest
  @CsvSource({
    "load, 13, load page fault, fault_load+0x0, 'empty lower half, not mapped'",
    "store, 15, store or AMO page fault, fault_store+, 'kernel text, r-x'",
    "exec, 12, instruction page fault, 'kernel variables, rw-', 'kernel variables, rw-'",
    "stack, 15, store or AMO page fault, fault_stack+, 'guard page below a stack, not mapped'",
    "page, 13, load page fault, fault_page+, 'nothing known, not mapped'",
    "access, 5, load access fault, fault_access+, 'nothing known, rw-'",
    "misaligned, 6, store or AMO address misaligned, fault_misaligned+, 'kernel variables, rw-'",
    "illegal, 2, illegal instruction, fault_illegal+, the instruction",
    "breakpoint, 3, breakpoint, fault_breakpoint+, ''",
  })
  void catchesFaultsAndGoesOn(String kind, String cause, String name, String where, String about)
      throws Exception {
    // With one hart, QEMU calls a misaligned AMO a load.
    String screen = run("quiet run=fault " + kind + ";uptime;poweroff", "-smp", "2");
    assertThat(screen)
        .contains("fault " + kind + ": ")
        .contains("trap     " + name + " on hart ")
        .contains("scause   " + cause + "\n")
        .containsPattern("sepc     0x[0-9a-f]{16}  " + Pattern.quote(where))
        .containsPattern(
            "stval    0x[0-9a-f]{16}" + (about.isEmpty() ? "\n" : "  ") + Pattern.quote(about))
        .contains("from S-mode, interrupts were on")
        .contains("Caught. The kernel goes on.\nkasuari> uptime\nup ")
        .doesNotContain("WRONG");
  }

  @Test
  void allFaultsInOneGo() throws Exception {
    assertThat(run("quiet run=fault all;fault all;fault;fault x;poweroff", "-smp", "4"))
        .containsPattern("(?s)(Caught\\. The kernel goes on\\..*){18}")
        .contains("fault x: no such kind.")
        .doesNotContain("WRONG");
  }

  @Test
  void aFaultThatNobodyExpectsEndsTheMachineAsFailed() throws Exception {
    try (ConsoleProcess guest = Qemu.start(directory, "quiet run=fault fatal", "-smp", "4")) {
      assertThat(guest.exit()).isEqualTo(1);
      assertThat(guest.screen()).contains("Kernel panic on hart ").contains("nobody expected");
    }
  }

  @Test
  void rebootLeavesTheMachineToStartAgain() throws Exception {
    assertThat(run("quiet run=reboot")).contains("Starting again.");
  }

  @Test
  void helpsWhoMistypes() throws Exception {
    assertThat(run("quiet run=help;disc;xyz;;  uptime  ;poweroff"))
        .contains("poweroff                         switch the machine off")
        .contains("disc: there is no such command. Did you mean disk? Type help to see all.")
        .contains("xyz: there is no such command. Type help to see all.")
        .containsPattern("up \\d+\\.\\d{3} s");
  }

  @Test
  void editsTheLine() throws Exception {
    try (ConsoleProcess guest = Qemu.start(directory, "quiet")) {
      guest.await("kasuari> ");
      guest.type("uptimx\b\b\177imee\177\r"); // both kinds of backspace
      guest.await("up ");
      guest.await("kasuari> ");
      guest.type("rubbish\25help\n");
      guest.await("this list");
      guest.await("kasuari> ");
      guest.type("poweroff\3");
      guest.await("^C\r\nkasuari> ");
      guest.type("\33[D\33[3~\33[A\r\n"); // cursor left, delete, and up: help again
      guest.await("this list");
      guest.await("kasuari> ");
      guest.type("x".repeat(300) + "\25poweroff\n"); // longer than a line may be
      assertThat(guest.exit()).isZero();
      assertThat(guest.screen())
          .endsWith("poweroff\nGood bye.\n")
          .doesNotContain("no such command");
    }
  }

  /** More than the UART and the kernel can hold while a command runs. */
  @Test
  void losesNothingThatIsTypedAhead() throws Exception {
    try (ConsoleProcess guest = Qemu.start(directory, "quiet")) {
      guest.await("kasuari> ");
      guest.type("mem\n" + "uptime\n".repeat(200) + "poweroff\n");
      assertThat(guest.exit()).isZero();
      assertThat(guest.screen().split("\nup \\d", -1)).hasSize(201);
      assertThat(guest.screen()).doesNotContain("no such command");
    }
  }

  /** An interrupt controller that it has no driver for: input is polled. */
  @Test
  void livesWithoutAnInterruptControllerItKnows() throws Exception {
    try (ConsoleProcess guest = Qemu.start(directory, "quiet", "-machine", "aia=aplic")) {
      guest.await("kasuari> ");
      guest.type("poweroff\n");
      assertThat(guest.exit()).isZero();
    }
  }
}
