package dev.kasuari.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What a person sees who writes a command line. */
@Tag("fast")
class SystemCommandTest {
  private static Outcome riscv(String... words) {
    return Outcome.ofRiscv(List.of(words));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "-m 0 | -m 0: a machine needs memory; the default is 128M",
        "-smp 99 | -smp 99: machine 'virt' has at most 8 CPUs, not 99",
        "-smp 0 | -smp 0: 'cpus' must be at least 1, not 0",
        "-kernel | -kernel: an argument is missing: -kernel FILE",
        "--dtb | --dtb: an argument is missing: -dtb FILE",
        "-m=5 | -m=5: write -m 5",
        "-M vrit | -M vrit: no such machine type; did you mean 'virt'?",
        "-M virt,acpi=on | -M virt,acpi=on: 'acpi': QEMU has this property, Kasuari does not have it"
            + " yet",
        "-M virt,append=x | -append: there is no -kernel to give it to",
        "-M virt,kernel=/nope | -kernel /nope: no such file",
        "-M vrit,help | -M vrit: no such machine type; did you mean 'virt'?",
        "-kernle x | -kernle: no such option; did you mean -kernel?",
        "-zzzzzzzz | -zzzzzzzz: no such option; -help lists what there is",
        "-vnc :1 | -vnc: QEMU has this option, Kasuari does not have it yet",
        "--vnc :1 | --vnc: QEMU has this option, Kasuari does not have it yet",
        "-vga std | -vga std: QEMU has this option, Kasuari does not have it yet",
        "-display gtk | -display gtk: QEMU has this display, Kasuari does not have it yet",
        "-monitor stdio | -monitor stdio: QEMU has this monitor, Kasuari does not have it yet",
        "-hda /nope | -drive file=/nope: no such file",
        "-pflash /nope | -drive file=/nope: no such file",
        "-append x | -append: there is no -kernel to give it to",
        "-initrd x | -initrd: there is no -kernel to give it to",
        "-d int,nochain | -d nochain: QEMU has this log item, Kasuari does not have it yet",
        "-d gest_errors | -d: unknown log item 'gest_errors'; did you mean 'guest_errors'?",
        "-accel kvm | -accel kvm: QEMU has this accelerator, Kasuari does not have it yet",
        "-M virt,accel=kvm | -M virt,accel=kvm accel=kvm: QEMU has this accelerator, Kasuari does"
            + " not have it yet",
        "-seed x | -seed x: it must be a whole number",
        "-rtc base=x | -rtc base=x: 'base': 'x' is no date; write utc, localtime, 2006-06-17 or"
            + " 2006-06-17T16:01:21",
        "-rtc base=1969-12-31 | -rtc base=1969-12-31: 'base': a year from 1970 to 2261 is needed",
        "-rtc clock=x | -rtc clock=x: 'clock': unknown value 'x'; there are host, rt, vm",
        "-rtc driftfix=slow | -rtc driftfix=slow: 'driftfix': unknown value 'slow'; did you mean"
            + " 'slew'?",
        "-rtc utc | -rtc utc: unknown property 'utc'; there are base, clock, driftfix",
        "-chardev pyt,id=x | -chardev pyt,id=x: no such stream 'pyt'; did you mean 'pty'?",
        "-chardev pty | -chardev pty: 'id' is missing",
        "-chardev socket,id=x | -chardev socket,id=x: QEMU has this kind of character stream,"
            + " Kasuari does not have it yet",
        "-chardev null,id=x,mux=on | -chardev null,id=x,mux=on: 'mux': QEMU has this property,"
            + " Kasuari does not have it yet",
        "-serial chardev:x | -serial chardev:x: there is no -chardev with that id",
        "-netdev lopback,id=x | -netdev lopback,id=x: no such network 'lopback'; did you mean"
            + " 'loopback'?",
        "-netdev user,id=x | -netdev user,id=x: QEMU has this kind of network, Kasuari does not"
            + " have it yet",
        "-nic loopback,model=e1000 | -nic loopback,model=e1000: model=e1000: QEMU has this network"
            + " card, Kasuari does not have it yet",
        "-net nic | -net nic: QEMU has this option, Kasuari does not have it yet",
        "-name x,gest=y | -name x,gest=y: unknown property 'gest'; did you mean 'guest'?",
        "-device zzz,help | -device zzz: no such device; 'help' lists what there is",
        "-device e1000,help | -device e1000: QEMU has this device, Kasuari does not have it yet",
      })
  void complainsInOneLine(String words, String message) {
    Outcome outcome = riscv(words.split(" "));
    assertThat(outcome.err()).startsWith("kasuari-system-riscv64: ").hasLineCount(1);
    if (!words.contains("help")) { // the hint depends on which devices there are
      assertThat(outcome.err().strip()).isEqualTo("kasuari-system-riscv64: " + message);
    }
    assertThat(outcome.out()).isEmpty();
    assertThat(outcome.code()).isEqualTo(1);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "-help | -kernel FILE",
        "-h | Usage: kasuari-system-riscv64 [OPTIONS] [DISK_IMAGE]",
        "--help | -smp [cpus=]N",
        "-version | Kasuari emulator version",
        "--version | Kasuari emulator version",
        "-M help | virt",
        "-machine ? | virt",
        "-cpu help | rv64",
        "-accel help | tcg",
        "-d help | guest_errors",
        "-drive help | readonly=<bool>",
        "-blockdev help | copy-on-read",
        "-blockdev throttle,help | throttle-group=<str>",
        "-object help | tls-creds-x509",
        "-object secret,help | keyid=<str>",
        "-object throttle-group,help | bps-total=<size>",
        "-smp help | cpus=<int>",
        "-m help | size=<size>",
        "-M virt,help | dumpdtb=<str>",
        "-M virt,help | pflash1=<str>",
        "-rtc help | driftfix=<none|slew>",
        "-chardev help | pty,id=ID",
        "-netdev help | loopback,id=ID",
        "-nic help | loopback,id=ID",
        "-device help | virtio-blk-device",
        "-device virtserialport,help | nr=<int 0..510>",
        "-device virtio-net-device,help | mrg_rxbuf=<bool>",
        "-device virtio-blk-device,help | drive=<",
        "-m 0 -version | Kasuari emulator version",
      })
  void helps(String words, String part) {
    Outcome outcome = riscv(words.split(" "));
    assertThat(outcome.err()).isEmpty();
    assertThat(outcome.out()).contains(part);
    assertThat(outcome.code()).isZero();
  }

  /** What libvirt and others say of any machine, where it asks for nothing. */
  @Test
  void takesWhatAsksForNothing(@TempDir Path folder) {
    Path file = folder.resolve("dtb");
    Outcome outcome =
        riscv(
            "-display",
            "none",
            "-M",
            "virt,acpi=off,usb=no,graphics=off,mem-merge=on,aia=none,iommu-sys=off,dumpdtb="
                + file);
    assertThat(outcome.code()).as(outcome.err()).isZero();
    assertThat(file).isNotEmptyFile();
  }

  @Test
  void shortOptionsAreDrives(@TempDir Path folder) throws Exception {
    Path disk = Files.write(folder.resolve("a,b"), new byte[512]);
    Path dtb = folder.resolve("dtb");
    String[] machine = {"-display", "none", "-M", "virt,dumpdtb=" + dtb};
    Outcome both =
        riscv(with(machine, "-hda", disk.toString(), "-drive", "index=0,if=virtio,file=x"));
    assertThat(both.err()).contains("drive with bus=0, unit=0 (index=0) exists");
    Outcome one = riscv(with(machine, "-snapshot", "-hdb", disk.toString()));
    assertThat(one.code()).as(one.err()).isZero();
  }

  private static String[] with(String[] words, String... more) {
    return Stream.concat(Arrays.stream(words), Arrays.stream(more)).toArray(String[]::new);
  }

  @Test
  void helpsWithWhatABoardTakes() {
    Outcome outcome = Outcome.of(List.of("system", "aarch64", "-M", "virt,help"));
    assertThat(outcome.out()).contains("gic-version=<str>", "(default: 2)", "secure=<bool>");
    assertThat(outcome.code()).isZero();
  }

  @Test
  void helpNamesEveryOption() {
    String help = riscv("-help").out();
    for (String name :
        List.of(
            "machine",
            "cpu",
            "m",
            "smp",
            "bios",
            "initrd",
            "append",
            "dtb",
            "drive",
            "device",
            "serial",
            "chardev",
            "netdev",
            "nic",
            "rtc",
            "nographic",
            "display",
            "monitor",
            "no-reboot",
            "no-shutdown",
            "S",
            "name",
            "accel",
            "d",
            "D",
            "version",
            "h",
            "seed")) {
      assertThat(help).containsPattern("(?m)^  -" + name + "[ ,\n]");
    }
    assertThat(help.lines().allMatch(line -> line.length() <= 120)).isTrue();
  }

  @ParameterizedTest
  @ValueSource(strings = {"fsdev", "tpmdev", "qmp", "icount", "daemonize", "smbios"})
  void knowsWhatQemuHas(String name) {
    assertThat(riscv("-" + name, "x").err())
        .contains("-" + name + ": QEMU has this option, Kasuari does not have it yet");
  }
}
