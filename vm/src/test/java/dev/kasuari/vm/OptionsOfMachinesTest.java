package dev.kasuari.vm;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.kasuari.machine.time.Clock;
import dev.kasuari.machine.time.ManualClock;
import dev.kasuari.machine.time.WallClock;
import dev.kasuari.qapi.OptionException;
import dev.kasuari.qapi.OptionSource;
import dev.kasuari.tcg.BackEnd;
import java.time.Instant;
import java.time.ZoneId;
import java.time.ZonedDateTime;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

@Tag("fast")
class OptionsOfMachinesTest {
  private static int cpus(String text) {
    return TopologyOptions.cpus(OptionSource.of("-smp " + text, text, "cpus"), "virt", 8);
  }

  private static long ram(String text) {
    return MemoryOptions.ram(OptionSource.of("-m " + text, text, "size"), 128L << 20);
  }

  private static Drive drive(String text) {
    return Drive.parse(OptionSource.of("-drive", text, ""));
  }

  private static AccelOptions accel(String text) {
    return AccelOptions.parse(OptionSource.of("-accel " + text, text, "accel"));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "4 | 4",
        "cpus=8 | 8",
        "4,sockets=2 | 4",
        "sockets=2,cores=3 | 6",
        "cores=2,threads=2 | 4",
        "4,cores=2 | 4",
        "8,sockets=2,cores=2 | 8",
        "4,maxcpus=4,threads=2 | 4",
        "4,dies=1,clusters=1 | 4",
      })
  void countsCpus(String text, int count) {
    assertThat(cpus(text)).isEqualTo(count);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "0 | -smp 0: 'cpus' must be at least 1, not 0",
        "-1 | -smp -1: 'cpus' must be at least 1, not -1",
        "99 | -smp 99: machine 'virt' has at most 8 CPUs, not 99",
        "x | -smp x: 'cpus' must be a whole number, not 'x'",
        "4,cores=3 | -smp 4,cores=3: sockets=1 times cores=3 times threads=1 is 3, not 4",
        "4,cores=0 | -smp 4,cores=0: 'cores' must be at least 1, not 0",
        "4,maxcpus=2 | -smp 4,maxcpus=2: maxcpus=2 has no room for cpus=4",
        "4,dies=2 | -smp 4,dies=2: machine 'virt' knows no dies; leave 'dies' out",
        "4,core=4 | -smp 4,core=4: unknown property 'core'; did you mean 'cores'?",
        "99999999999 | -smp 99999999999: 'cpus' cannot be as much as 99999999999",
      })
  void complainsOfCpus(String text, String message) {
    assertThatThrownBy(() -> cpus(text)).isInstanceOf(OptionException.class).hasMessage(message);
  }

  @Test
  void sizesOfMemory() {
    assertThat(ram("1G")).isEqualTo(1L << 30);
    assertThat(ram("512")).isEqualTo(512L << 20);
    assertThat(ram("size=1.5G")).isEqualTo(3L << 29);
    assertThat(ram("4097B")).isEqualTo(8192);
    assertThat(ram("1E")).isEqualTo(1L << 60);
    assertThat(MemoryOptions.ram(OptionSource.empty("-m"), 7 << 20)).isEqualTo(7 << 20);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "0 | -m 0: a machine needs memory; the default is 128M",
        "16E | -m 16E: 'size': '16E' is too large; the most is 8E less one byte",
        "-5 | -m -5: 'size': '-5' is not a size; write a number with K, M, G, T, P or E, such as"
            + " 512M",
        "1G,maxmem=4G | -m 1G,maxmem=4G: slots= and maxmem=: QEMU has this way to plug memory,"
            + " Kasuari does not have it yet",
        "sise=1G | -m sise=1G: unknown property 'sise'; did you mean 'size'?",
      })
  void complainsOfMemory(String text, String message) {
    assertThatThrownBy(() -> ram(text)).isInstanceOf(OptionException.class).hasMessage(message);
  }

  @Test
  void drives() {
    Drive drive = drive("file=a,,b.img,if=none,id=d0,format=raw,readonly=on");
    assertThat(drive.file()).isEqualTo("a,b.img");
    assertThat(drive.plugged()).isFalse();
    assertThat(drive.guestReadOnly()).isTrue();
    assertThat(drive("file=x").plugged()).isTrue();
    assertThat(drive("file=x").guestReadOnly()).isFalse();
    assertThat(drive("file=x,media=cdrom").guestReadOnly()).isTrue();
    assertThat(drive("file=x,read-only").guestReadOnly()).isTrue();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "file=fat:rw:x,format=raw",
        "file=fat:x,format=vvfat",
        "format=vvfat,dir=x,fat-type=16,label=L,floppy=on,rw=on",
        "format=null-co,size=1M,read-zeroes=on",
        "format=null-aio,size=1M",
        "format=nbd,host=localhost,port=10809,export=e",
        "format=nbd,server.type=unix,server.path=p",
        "format=http,url=http://localhost/x,timeout=3",
        "file=x,format=qcow",
        "file=x,format=parallels",
        "file=x,format=bochs",
        "file=x,format=cloop",
        "file=x,format=dmg",
        "file=x,format=throttle,throttle-group=g",
        "format=blkdebug,image=n,align=4096",
        "format=host_device,filename=x",
        "file=x,group=g,bps=1000",
      })
  void formatsThatAreThere(String text) {
    assertThat(drive("if=none," + text).plugged()).isFalse();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "if=virtio | 'file' is missing",
        "file=x,if=ide | machine type does not support if=ide",
        "file=x,if=sd | machine type does not support if=sd",
        "file=x,if=pflash,index=1,unit=1 | index cannot be used with bus and unit",
        "file=x,format=raw,dir=y | unknown property 'dir'; 'help' lists what there is",
        "file=x,if=virtoi | 'if': unknown value 'virtoi'; did you mean 'virtio'?",
        "file=x,format=iscsi | format=iscsi: QEMU has this image format, Kasuari does not have it"
            + " yet",
        "file=x,format=rwa | 'format': unknown value 'rwa'; did you mean 'raw'?",
        "file=x,serial=on | unknown property 'serial'; 'help' lists what there is",
        "file=x,stats-account-failed=on | 'stats-account-failed': QEMU has this property, Kasuari"
            + " does not have it yet",
        "file=x,werror=stpo | 'werror': unknown value 'stpo'; did you mean 'stop'?",
        "file=x,cache.diretc=on | unknown property 'cache.diretc'",
        "file=x,bps=1,bps_rd=1 | bps/iops/max total values and read/write values cannot be used at"
            + " the same time",
        "file=x,format=raw,driver=raw | 'driver' and 'format' say the same; give one of them",
        "file=x,fromat=raw | unknown property 'fromat'; did you mean 'format'?",
        "file= | 'file' names no file",
      })
  void complainsOfDrives(String text, String message) {
    assertThatThrownBy(() -> drive(text))
        .isInstanceOf(OptionException.class)
        .hasMessage("-drive: " + message);
  }

  @Test
  void accelerators() {
    assertThat(accel("tcg")).isEqualTo(AccelOptions.standard());
    assertThat(accel("tcg,backend=auto,thread=multi")).isEqualTo(AccelOptions.standard());
    assertThat(AccelOptions.firstOf("-M", "kvm:tcg")).isEqualTo(AccelOptions.standard());
    assertThat(AccelOptions.standard().backend()).isEqualTo("auto");
    assertThat(accel("tcg,backend=x86_64").backend()).isEqualTo("x86_64");
    assertThat(accel("tcg,lockstep=on").lockstep()).isTrue();
    assertThat(accel("tcg,tb-size=2047").tbSize()).isEqualTo(2047);
    assertThat(accel("tcg,perf-map=on")).isEqualTo(AccelOptions.standard().withPerfMap());
    assertThat(AccelOptions.help())
        .contains("tb-size=<int 1..2047>")
        .contains(":bmi2:")
        .contains("perf-map");
  }

  @Test
  void lockstepIsForOneCpu() {
    AccelOptions.standard().checkCpus(4);
    AccelOptions lockstep = accel("tcg,lockstep=on");
    lockstep.checkCpus(1);
    assertThatThrownBy(() -> lockstep.checkCpus(2))
        .isInstanceOf(OptionException.class)
        .hasMessageStartingWith("-accel tcg,lockstep=on: lockstep needs -smp 1, not 2");
  }

  @Test
  void aHostWithoutMachineCodeSaysSo() {
    assertThatThrownBy(() ->
            AccelOptions.machineCode(() -> {
              throw new UnsupportedOperationException("this host forbids executable memory");
            }))
        .isInstanceOf(OptionException.class)
        .hasMessage(
            "-accel tcg,backend=x86_64: this host forbids executable memory; backend=interp does"
                + " without machine code");
  }

  @Test
  void withoutMachineCodeTheInterpreterServesWhereNothingElseWasAsked() {
    List<String> notices = new ArrayList<>();
    try (BackEnd backEnd =
        AccelOptions.preferred(
            () -> {
              throw new UnsupportedOperationException("this host forbids executable memory");
            },
            notices::add)) {
      assertThat(backEnd.name()).isEqualTo("interp");
    }
    assertThat(notices)
        .containsExactly(
            "this host forbids executable memory: guest code is interpreted, which is slow");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "kvm | -accel kvm: QEMU has this accelerator, Kasuari does not have it yet",
        "tgc | -accel tgc: no accelerator 'tgc'; did you mean 'tcg'?",
        "tcg,backend=intrep | -accel tcg,backend=intrep: no back end 'intrep'; did you mean"
            + " 'interp'?",
        "tcg,backend=x86-64 | -accel tcg,backend=x86-64: no back end 'x86-64'; did you mean"
            + " 'x86_64'?",
        "tcg,backend=jvm | -accel tcg,backend=jvm: back end 'jvm' comes later; there are auto,"
            + " interp, x86_64",
        "tcg,backend=interp,lockstep=on | -accel tcg,backend=interp,lockstep=on: lockstep=on"
            + " compares interp with another back end; leave backend=interp away",
        "tcg,thread=single | -accel tcg,thread=single: thread=single: QEMU has this mode, Kasuari"
            + " does not have it yet",
        "tcg,split-wx=on | -accel tcg,split-wx=on: 'split-wx': QEMU has this property, Kasuari does"
            + " not have it yet",
        "tcg,tb-size=0 | -accel tcg,tb-size=0: 'tb-size' must be from 1 to 2047, not '0'",
        "tcg,tb-size=2048 | -accel tcg,tb-size=2048: 'tb-size' must be from 1 to 2047, not '2048'",
        "tcg,tb-size=64M | -accel tcg,tb-size=64M: 'tb-size' must be a whole number, not '64M'",
        "tcg,without=bmi3 | -accel tcg,without=bmi3: 'without': no feature 'bmi3'; did you mean"
            + " 'bmi1'?",
        "tcg,without=bmi1: | -accel tcg,without=bmi1:: 'without': no feature ''; there are pclmul,"
            + " fma, cx16, sse4_1, sse4_2, movbe, popcnt, aes, avx, f16c, bmi1, avx2, bmi2, sha,"
            + " lzcnt, all",
        "tcg,backend=interp,cold-runs=1 | -accel tcg,backend=interp,cold-runs=1: 'cold-runs' is"
            + " about machine code, and interp makes none",
        "tcg,lockstep=on,cold-runs=1 | -accel tcg,lockstep=on,cold-runs=1: lockstep=on compiles"
            + " every unit at once; leave cold-runs away",
        "tcg,backend=interp,without=bmi1 | -accel tcg,backend=interp,without=bmi1: 'without' is"
            + " about machine code, and interp makes none",
        "tcg,backend=interp,perf-map=on | -accel tcg,backend=interp,perf-map=on: 'perf-map' is"
            + " about machine code, and interp makes none",
        "tcg,lockstep=on,code-archive=verify | -accel tcg,lockstep=on,code-archive=verify:"
            + " lockstep=on compiles every unit at once; leave code-archive away",
        "tcg,code-archive=maybe | -accel tcg,code-archive=maybe: no code archive 'maybe'; there are"
            + " on, off, verify",
        "tcg,code-archive=verifi | -accel tcg,code-archive=verifi: no code archive 'verifi';"
            + " did you mean 'verify'?",
        "tcg,backend=interp,code-folder=c | -accel tcg,backend=interp,code-folder=c: 'code-folder'"
            + " is about machine code, and interp makes none",
        "tcg,perf-map=maybe | -accel tcg,perf-map=maybe: 'perf-map' must be on or off, not 'maybe'",
        "tcg,perfmap=on | -accel tcg,perfmap=on: unknown property 'perfmap'; did you mean"
            + " 'perf-map'?",
      })
  void complainsOfAccelerators(String text, String message) {
    assertThatThrownBy(() -> accel(text)).isInstanceOf(OptionException.class).hasMessage(message);
  }

  @Test
  void serialPorts() {
    assertThat(SerialPort.parse("none")).isEqualTo(SerialPort.nothing());
    assertThat(SerialPort.parse("mon:stdio").stdio()).isTrue();
    assertThat(SerialPort.parse("file:/x").stdio()).isFalse();
    assertThat(SerialPort.parse("pty").stdio()).isFalse();
    assertThat(SerialPort.parse("chardev:c0")).isEqualTo(new SerialPort.Named("c0"));
    assertThatThrownBy(() -> SerialPort.parse("tcp::4444,server"))
        .hasMessage(
            "-serial tcp::4444,server: QEMU has this kind of character stream, Kasuari does not"
                + " have it yet");
    assertThatThrownBy(() -> SerialPort.parse("stdoi")).hasMessageContaining("'stdio'");
  }

  private static WallClock date(String text, Clock clock) {
    return RtcOptions.parse(OptionSource.of("-rtc", text, "")).open(clock);
  }

  private static long nanos(String date) {
    return Instant.parse(date).getEpochSecond() * 1_000_000_000L;
  }

  @Test
  void theMachinesClockMovesADate() {
    var clock = new ManualClock();
    WallClock date = date("base=2006-06-17T16:01:21,clock=vm,driftfix=slew", clock);
    assertThat(date.epochNanos()).isEqualTo(nanos("2006-06-17T16:01:21Z"));
    clock.advance(5_000_000_000L);
    assertThat(date.epochNanos()).isEqualTo(nanos("2006-06-17T16:01:26Z"));
    assertThat(date("base=2006-06-17,clock=vm", clock).epochNanos())
        .isEqualTo(nanos("2006-06-17T00:00:00Z") + 5_000_000_000L);
  }

  @ParameterizedTest
  @ValueSource(strings = {"clock=host", "clock=rt", "clock=rt,driftfix=none"})
  void theHostsClockMovesADate(String how) {
    var clock = new ManualClock();
    long start = nanos("2006-06-17T00:00:00Z");
    long began = System.nanoTime();
    WallClock date = date("base=2006-06-17," + how, clock);
    clock.advance(1_000_000_000_000L); // of no concern
    long shown = date.epochNanos();
    long second = 1_000_000_000L;
    assertThat(shown).isBetween(start - second, start + System.nanoTime() - began + second);
  }

  @Test
  void localTimeIsThatOfTheHost() {
    long before = Instant.now().getEpochSecond();
    long shown = date("base=localtime", new ManualClock()).epochNanos() / 1_000_000_000;
    long offset = ZonedDateTime.now(ZoneId.systemDefault()).getOffset().getTotalSeconds();
    assertThat(shown).isBetween(before + offset - 1, Instant.now().getEpochSecond() + offset + 1);
  }
}
