package dev.kasuari.vm;

import static dev.kasuari.target.riscv.asm.Reg.A0;
import static dev.kasuari.target.riscv.asm.Reg.A1;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.kasuari.boards.BoardType;
import dev.kasuari.boards.Boards;
import dev.kasuari.boards.BootOptions;
import dev.kasuari.boot.BootException;
import dev.kasuari.hw.virtio.VirtioNet;
import dev.kasuari.machine.Shutdown;
import dev.kasuari.qapi.OptionException;
import dev.kasuari.qapi.OptionSource;
import dev.kasuari.target.riscv.asm.Assembler;
import dev.kasuari.target.riscv.asm.Label;
import dev.kasuari.target.riscv.isa.RiscvEncoder;
import dev.kasuari.tcg.x86_64.X86BackEnd;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

@Tag("fast")
@Timeout(60)
class VirtualMachineTest {
  private static final BoardType VIRT = Boards.of("riscv64").getFirst();
  private static final int FINISHER = 0x10_0000;
  private static final int UART = 0x1000_0000;

  @TempDir private Path folder;

  /** Prints a text and writes to the test finisher; then it loops. */
  private Path program(String text, int finish) throws IOException {
    var a = new Assembler();
    a.li(A0, UART);
    for (int i = 0; i < text.length(); i++) {
      a.li(A1, text.charAt(i));
      a.i(RiscvEncoder.sb(A0, A1, 0));
    }
    a.li(A0, FINISHER);
    a.li(A1, finish);
    a.i(RiscvEncoder.sw(A0, A1, 0));
    Label here = a.here("forever");
    a.j(here);
    return Files.write(folder.resolve("kernel"), a.assemble());
  }

  private static MachineDescription.Builder bare(Path kernel) {
    return MachineDescription.of(VIRT)
        .ram(16 << 20)
        .boot(new BootOptions("none", kernel.toString(), null, null, null));
  }

  private static Shutdown end(VirtualMachine machine) throws InterruptedException {
    Shutdown end = machine.machine().awaitShutdown(30, TimeUnit.SECONDS);
    assertThat(end).as("the machine's end").isNotNull();
    return end;
  }

  @Test
  void aDriveWithoutLocksIsSharedByTwoMachines() throws Exception {
    Path disk = Files.write(folder.resolve("disk"), new byte[1 << 20]);
    String text = "if=none,id=d,format=raw,file=" + disk + ",file.locking=off";
    var description =
        bare(program("x", 0)).drive(Drive.parse(Drive.source("-drive", text))).build();
    try (var first = VirtualMachine.create(description);
        var second = VirtualMachine.create(description)) {
      assertThat(first).isNotSameAs(second);
    }
  }

  /** A word of a bank of flash goes to the serial port; the machine ends. */
  private Path printsFlash(long address) throws IOException {
    var a = new Assembler();
    a.li(A0, UART);
    a.li(A1, address);
    a.i(RiscvEncoder.lb(A1, A1, 0));
    a.i(RiscvEncoder.sb(A0, A1, 0));
    a.li(A0, FINISHER);
    a.li(A1, 0x5555);
    a.i(RiscvEncoder.sw(A0, A1, 0));
    Label here = a.here("forever");
    a.j(here);
    return Files.write(folder.resolve("kernel"), a.assemble());
  }

  private Path flash(String name, byte[] contents) throws IOException {
    Path file = Files.write(folder.resolve(name), contents);
    try (var channel = FileChannel.open(file, StandardOpenOption.WRITE)) {
      channel.write(ByteBuffer.allocate(1), (32 << 20) - 1);
    }
    return file;
  }

  private String printed(MachineDescription.Builder machine) throws Exception {
    Path console = folder.resolve("console");
    var description = machine.serial(SerialPort.parse("file:" + console)).build();
    try (var made = VirtualMachine.create(description)) {
      made.start();
      assertThat(end(made).exitCode()).isZero();
    }
    return Files.readString(console);
  }

  @Test
  void theSecondBankOfFlashIsRead() throws Exception {
    Path file = flash("flash", new byte[] {'F'});
    String drive = "if=pflash,unit=1,format=raw,file=" + file;
    var boot = new BootOptions(printsFlash(0x2200_0000).toString(), null, null, null, null);
    for (String more : List.of("", ",readonly=on", ",snapshot=on")) {
      var machine = MachineDescription.of(VIRT).boot(boot).drive(drive(drive + more));
      assertThat(printed(machine)).as(more).isEqualTo("F");
    }
  }

  @Test
  void aHartStartsInTheFirstBankOfFlash() throws Exception {
    Path file = flash("flash", Files.readAllBytes(program("flash", 0x5555)));
    String drive = "if=pflash,format=raw,file=" + file;
    var none = new BootOptions("none", null, null, null, null);
    assertThat(printed(MachineDescription.of(VIRT).boot(none).drive(drive(drive))))
        .isEqualTo("flash");
  }

  /** By a name of {@code -M}, and in supervisor mode, where the finisher is found all the same. */
  @ParameterizedTest
  @ValueSource(ints = {0, 1})
  void theSbiGoesOnInFlash(int bank) throws Exception {
    Path file = flash("flash", Files.readAllBytes(program("next", 0x5555)));
    var machine =
        MachineDescription.of(VIRT)
            .boot(new BootOptions(null, null, null, null, null))
            .blockdev("file,node-name=n,filename=" + file)
            .properties(OptionSource.of("-M", "pflash" + bank + "=n", ""));
    assertThat(printed(machine)).isEqualTo("next");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "if=pflash,unit=2 | | does not support if=pflash,bus=0,unit=2",
        "if=pflash,bus=1 | | does not support if=pflash,bus=1,unit=0",
        "if=pflash | | device requires 33554432 bytes, block backend provides 1048576 bytes",
        "if=none,id=d | pflash0=e | Property 'cfi.pflash01.drive' can't find value 'e'",
        "if=pflash | pflash0=d | clashes with -machine",
        "if=none,id=d | pflash2=d | unknown property 'pflash2'",
      })
  void complainsOfFlash(String drive, @Nullable String property, String message) throws Exception {
    Path file = Files.write(folder.resolve("small"), new byte[1 << 20]);
    var machine = bare(program("x", 0)).drive(drive(drive + ",format=raw,file=" + file));
    if (property != null) {
      machine.properties(OptionSource.of("-M", property, ""));
    }
    assertThatThrownBy(() -> VirtualMachine.create(machine.build()))
        .isInstanceOf(OptionException.class)
        .hasMessageContaining(message);
  }

  @Test
  void twoDrivesHaveTwoPlaces() throws Exception {
    Path file = Files.write(folder.resolve("small"), new byte[1 << 20]);
    String text = "if=none,readonly=on,format=raw,unit=3,file=" + file;
    var machine = bare(program("x", 0)).drive(drive(text)).drive(drive(text));
    assertThatThrownBy(() -> VirtualMachine.create(machine.build()))
        .hasMessageContaining("drive with bus=0, unit=3 (index=-1) exists");
  }

  @Test
  void aFolderIsADisk() throws Exception {
    Path shared = Files.createDirectory(folder.resolve("shared"));
    for (String text : List.of("format=vvfat,dir=", "format=vvfat,rw=on,dir=", "file=fat:rw:")) {
      var machine = bare(program("x", 0)).drive(drive("if=virtio," + text + shared));
      VirtualMachine.create(machine.build()).close();
    }
  }

  @Test
  void unitsOfScsiComeAndGo() throws Exception {
    Path disk = Files.write(folder.resolve("disk"), new byte[1 << 20]);
    var description =
        bare(program("x", 0)).device("virtio-scsi-device,id=s").device("virtio-scsi-device");
    try (var machine = VirtualMachine.create(description.build())) {
      machine.addDrive(Drive.parse(OptionSource.of("-drive", "if=none,id=d,file=" + disk, "")));
      machine.start();
      machine.plug("scsi-hd,drive=d,id=unit,bus=s.0,scsi-id=3");
      assertThatThrownBy(() -> machine.plug("scsi-hd,drive=d"))
          .hasMessageContaining("drive 'd' has a device already");
      machine.unplug("unit");
      machine.plug("scsi-cd,drive=d,id=unit");
      assertThatThrownBy(() -> machine.plug("virtio-rng-device"))
          .hasMessageContaining("no bus here takes this device now");
      assertThatThrownBy(() -> machine.unplug("s")).hasMessageContaining("keeps its devices");
    }
  }

  @Test
  void aGuestPrintsAndSwitchesOff() throws Exception {
    Path console = folder.resolve("console");
    MachineDescription description =
        bare(program("Hello", 0x5555)).serial(SerialPort.parse("file:" + console)).build();
    try (var machine = VirtualMachine.create(description)) {
      machine.start();
      assertThat(end(machine).exitCode()).isZero();
    }
    assertThat(console).hasContent("Hello");
  }

  @Test
  void aGuestPrintsAndSwitchesOffInMachineCode() throws Exception {
    assumeTrue(X86BackEnd.available(), "the back end needs Linux on x86-64");
    Path console = folder.resolve("console");
    AccelOptions accel =
        AccelOptions.parse(OptionSource.of("-accel", "tcg,backend=x86_64", "accel"));
    MachineDescription description =
        bare(program("Hello", 0x5555))
            .accel(accel)
            .serial(SerialPort.parse("file:" + console))
            .build();
    try (var machine = VirtualMachine.create(description)) {
      machine.start();
      assertThat(end(machine).exitCode()).isZero();
    }
    assertThat(console).hasContent("Hello");
  }

  @Test
  void aGuestPrintsAndSwitchesOffInLockstep() throws Exception {
    assumeTrue(X86BackEnd.available(), "the back end needs Linux on x86-64");
    Path console = folder.resolve("console");
    AccelOptions accel = AccelOptions.parse(OptionSource.of("-accel", "tcg,lockstep=on", "accel"));
    MachineDescription description =
        bare(program("Hello", 0x5555))
            .accel(accel)
            .serial(SerialPort.parse("file:" + console))
            .build();
    try (var machine = VirtualMachine.create(description)) {
      machine.start();
      assertThat(end(machine).exitCode()).isZero();
    }
    assertThat(console).hasContent("Hello");
  }

  @Test
  void aGuestFailsWithACode() throws Exception {
    try (var machine = VirtualMachine.create(bare(program("", 0x2a_3333)).build())) {
      machine.start();
      assertThat(end(machine).exitCode()).isEqualTo(42);
    }
  }

  @ParameterizedTest
  @CsvSource({"testdev", "chardev:tests"})
  void aTestEndsWithTheCodeThatItPrints(String serial) throws Exception {
    MachineDescription.Builder description =
        bare(program("3q", 0)).serial(SerialPort.parse(serial)).chardev("testdev,id=tests");
    try (var machine = VirtualMachine.create(description.build())) {
      machine.start();
      assertThat(end(machine).exitCode()).isEqualTo(7);
    }
  }

  @Test
  void aResetCanBeTheEnd() throws Exception {
    MachineDescription description = bare(program("", 0x7777)).rebootEnds(true).build();
    try (var machine = VirtualMachine.create(description)) {
      machine.start();
      assertThat(end(machine).cause()).isEqualTo(Shutdown.Cause.GUEST_RESET);
    }
  }

  @Test
  void onlyTheHostEndsAMachineThatIsToStay() throws Exception {
    MachineDescription description = bare(program("", 0x5555)).shutdownPauses(true).build();
    try (var machine = VirtualMachine.create(description)) {
      machine.start();
      assertThat(machine.machine().awaitShutdown(200, TimeUnit.MILLISECONDS)).isNull();
      machine.machine().requestShutdown(new Shutdown(Shutdown.Cause.HOST, 0, "enough"));
      assertThat(end(machine).reason()).isEqualTo("enough");
    }
  }

  @Test
  void twoMachinesAtATimeAndNothingLeft() throws Exception {
    Path kernel = program("", 0x5555);
    Path looping = Files.write(folder.resolve("loop"), new byte[] {0x6f, 0, 0, 0});
    MachineDescription first = withDisk(bare(looping).name("one").cpus(2));
    MachineDescription second = withDisk(bare(kernel).name("two").cpus(2));
    Set<String> before = threads();
    List<String> open = descriptors();
    try (var one = VirtualMachine.create(first);
        var two = VirtualMachine.create(second)) {
      assertThat(descriptors()).hasSizeGreaterThan(open.size());
      one.start();
      two.start();
      assertThat(end(two).exitCode()).isZero();
      assertThat(one.machine().awaitShutdown(1, TimeUnit.MILLISECONDS)).isNull();
    }
    for (int i = 0; i < 100 && !before.containsAll(threads()); i++) {
      Thread.sleep(10); // what a thread did is done, and it ends soon
    }
    assertThat(before).containsAll(threads());
    assertThat(descriptors()).isEqualTo(open);
    try (var maps = Files.lines(Path.of("/proc/self/maps"))) {
      assertThat(maps).noneMatch(line -> line.contains("virt.ram"));
    }
  }

  private MachineDescription withDisk(MachineDescription.Builder machine) throws IOException {
    Path disk = Files.createTempFile(folder, "disk", "");
    Files.write(disk, new byte[1024]);
    return machine.drive(drive("file=" + disk + ",format=raw")).build();
  }

  /** Images, memory files and event counters that are open; the JVM opens others as it likes. */
  private List<String> descriptors() throws IOException {
    try (var links = Files.list(Path.of("/proc/self/fd"))) {
      return links
          .map(VirtualMachineTest::target)
          .filter(t -> t.startsWith(folder.toString()) || t.matches(".*(memfd|eventfd).*"))
          .sorted()
          .toList();
    }
  }

  private static String target(Path link) {
    try {
      return Files.readSymbolicLink(link).toString();
    } catch (IOException e) {
      return ""; // it was closed meanwhile
    }
  }

  private static Set<String> threads() {
    return Thread.getAllStackTraces().keySet().stream()
        .map(Thread::getName)
        .collect(Collectors.toSet());
  }

  @Test
  void drivesBecomeDevices() throws Exception {
    Path disk = Files.write(folder.resolve("disk"), new byte[1024]);
    Path other = Files.write(folder.resolve("other"), new byte[1024]);
    MachineDescription description =
        bare(program("", 0x5555))
            .drive(drive("file=" + disk + ",format=raw"))
            .drive(drive("file=" + other + ",format=raw,if=none,id=d1,readonly=on"))
            .device("virtio-blk-device,drive=d1,id=second")
            .build();
    try (var machine = VirtualMachine.create(description)) {
      assertThat(machine.machine().devices().find("second").type().name())
          .isEqualTo("virtio-blk-device");
      assertThat(machine.machine().devices().all())
          .filteredOn(d -> d.type().name().equals("virtio-blk-device"))
          .hasSize(2);
    }
  }

  @Test
  void disksAreMadeOfNodes() throws Exception {
    Path disk = Files.write(folder.resolve("disk"), new byte[4096]);
    Path other = Files.write(folder.resolve("other"), new byte[4096]);
    MachineDescription description =
        bare(program("", 0x5555))
            .object("throttle-group,id=g,limits.bps-total=1M")
            .object("secret,id=s,data=letmein")
            .blockdev("{\"driver\":\"file\",\"node-name\":\"f\",\"filename\":\"" + disk + "\"}")
            .blockdev("raw,node-name=r,file=f")
            .blockdev("throttle,node-name=t,throttle-group=g,file=r")
            .device("virtio-blk-device,drive=t,id=first")
            .drive(
                drive(
                    "if=virtio,driver=raw,file.driver=file,node-name=o,copy-on-read=off"
                        + ",cache.direct=off,bps_rd=1M,file.filename="
                        + other))
            .snapshots(true)
            .build();
    try (var machine = VirtualMachine.create(description)) {
      assertThat(machine.blocks().nodes())
          .extracting(node -> node.driver())
          .containsExactly("file", "raw", "throttle", "file", "raw", "file", "qcow2", "throttle");
      assertThat(machine.blocks().throttleGroups()).containsOnlyKeys("g", "virtio0");
      assertThat(machine.blocks().secrets().get("s")).asString().isEqualTo("letmein");
      assertThat(machine.blocks().find("o")).isNotNull().matches(node -> !node.writable());
    }
    MachineDescription none = bare(program("", 0x5555)).blockdev("raw,node-name=r,file=g").build();
    assertThatThrownBy(() -> VirtualMachine.create(none))
        .isInstanceOf(OptionException.class)
        .hasMessageContaining("Cannot find device='' nor node-name='g'");
  }

  private static Drive drive(String text) {
    return Drive.parse(OptionSource.of("-drive " + text, text, ""));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "virtio-blk-device | 'drive' is missing",
        "virtio-blk-device,drive=d2 | 'drive': there is no block backend 'd2'; did you mean 'd1'?",
        "virtio-blk-device,drvie=d1 | unknown property 'drvie'; did you mean 'drive'?",
        "virtio-blk-device,drive=d1,bus=nowhere | there is no bus 'nowhere'",
        "virtio-blk-devise,drive=d1 | no such device; did you mean 'virtio-blk-device'?",
        "virtio-blk-pci,drive=d1 | -device virtio-blk-pci: QEMU has this device, Kasuari does not"
            + " have it yet; 'virtio-blk-device' is the same without PCI",
        "virtio-balloon-device | QEMU has this device, Kasuari does not have it yet",
        "goldfish-rtc | it is part of a board and cannot be added",
      })
  void complainsOfDevices(String device, String message) throws Exception {
    Path disk = Files.write(folder.resolve("disk"), new byte[1024]);
    MachineDescription description =
        bare(program("", 0x5555))
            .drive(drive("file=" + disk + ",format=raw,if=none,id=d1"))
            .device(device)
            .build();
    String name = device.replaceFirst(",.*", "");
    assertThatThrownBy(() -> VirtualMachine.create(description).close())
        .isInstanceOf(OptionException.class)
        .hasMessageStartingWith("-device " + name)
        .hasMessageContaining(message);
  }

  @Test
  void aDefaultOfAllDevicesOfAKindIsNoMoreThanThat() throws Exception {
    MachineDescription description =
        bare(program("", 0x5555))
            .drive(drive("file=" + Files.write(folder.resolve("a"), new byte[512]) + ",format=raw"))
            .deviceDefault(DeviceDefault.parse("virtio-rng-device.period=1000"))
            .deviceDefault(DeviceDefault.parse("virtio-rng-device.period=2000"))
            .deviceDefault(DeviceDefault.parse("virtio-blk-device.queue-size=64"))
            .deviceDefault(DeviceDefault.parse("virtio-mmio.force-legacy=false"))
            .deviceDefault(DeviceDefault.parse("virtio-rng-device.event_idx=on"))
            .device("virtio-rng-device,id=follows")
            .device("virtio-rng-device,id=refuses,noevent_idx")
            .device("virtio-rng-device,id=differs,period=3000")
            .build();
    try (var machine = VirtualMachine.create(description)) {
      assertThat(props(machine, "follows")).contains("period=2000");
      assertThat(props(machine, "differs")).contains("period=3000");
      assertThat(props(machine, "refuses")).contains("eventIdx=false");
      assertThat(machine.machine().devices().all())
          .filteredOn(d -> d.type().name().equals("virtio-blk-device"))
          .singleElement()
          .matches(d -> d.props().toString().contains("queueSize=64"));
    }
  }

  private static String props(VirtualMachine machine, String id) {
    return machine.machine().devices().find(id).props().toString();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "virtio-mmio.force-legacy=on | the board makes this device, with its own choice",
        "virtio-blk-devise.serial=1 | no such device; did you mean 'virtio-blk-device'?",
        "virtio-net-pci.romfile=x | QEMU has this device, Kasuari does not have it yet;"
            + " 'virtio-net-device' is the same without PCI",
        "virtio-blk-device.serail=1 | no such property; did you mean 'serial'?",
        "virtio-blk-device | expected DRIVER.PROPERTY=VALUE",
        "driver=a,property=b,value=c,valeu=d | expected DRIVER.PROPERTY=VALUE",
      })
  void complainsOfDefaults(String text, String message) {
    assertThatThrownBy(() ->
            VirtualMachine.create(
                    bare(program("", 0x5555)).deviceDefault(DeviceDefault.parse(text)).build())
                .close())
        .isInstanceOf(OptionException.class)
        .hasMessageStartingWith("-global " + text)
        .hasMessageContaining(message);
  }

  @Test
  void aDriveHasOneDevice() throws Exception {
    Path disk = Files.write(folder.resolve("disk"), new byte[1024]);
    MachineDescription description =
        bare(program("", 0x5555))
            .drive(drive("file=" + disk + ",format=raw,id=d1"))
            .device("virtio-blk-device,drive=d1")
            .build();
    assertThatThrownBy(() -> VirtualMachine.create(description).close())
        .isInstanceOf(OptionException.class)
        .hasMessageContaining("drive 'd1' has a device already");
  }

  @Test
  void placesForDevicesEnd() throws Exception {
    MachineDescription.Builder description = bare(program("", 0x5555));
    for (int i = 0; i < 9; i++) {
      description.device("virtio-rng-device");
    }
    assertThatThrownBy(() -> VirtualMachine.create(description.build()).close())
        .isInstanceOf(OptionException.class)
        .hasMessageContaining("full");
  }

  @Test
  void memoryThatNoHostHas() throws Exception {
    MachineDescription description = bare(program("", 0x5555)).ram(1L << 60).build();
    assertThatThrownBy(() -> VirtualMachine.create(description).close())
        .isInstanceOf(OptionException.class)
        .hasMessageStartingWith("-m 1E: ");
  }

  @Test
  void filesThatAreNotThere() throws Exception {
    Path none = folder.resolve("none");
    assertThatThrownBy(() -> VirtualMachine.create(bare(none).build()).close())
        .isInstanceOf(BootException.class)
        .hasMessageContaining("-kernel " + none);
    MachineDescription description =
        bare(program("", 0x5555)).drive(drive("file=" + none + ",format=raw")).build();
    assertThatThrownBy(() -> VirtualMachine.create(description).close())
        .isInstanceOf(OptionException.class)
        .hasMessageStartingWith("-drive ")
        .hasMessageContaining(none + ": no such file");
  }

  @Test
  void oneTerminalOnly() throws Exception {
    MachineDescription description =
        bare(program("", 0x5555))
            .serial(SerialPort.parse("stdio"))
            .serial(SerialPort.parse("mon:stdio"))
            .build();
    assertThatThrownBy(() -> VirtualMachine.create(description).close())
        .hasMessageContaining("to one device only");
  }

  @Test
  void theLogGoesToAFile() throws Exception {
    @Nullable Path nowhere = folder.resolve("no/log");
    assertThatThrownBy(
            () -> VirtualMachine.create(bare(program("", 0)).logFile(nowhere).build()).close())
        .hasMessage("-D " + nowhere + ": cannot be written: there is no such folder");
  }

  @Test
  void backEndsAreConnectedToTheDevicesThatNameThem() throws Exception {
    MachineDescription description =
        bare(program("", 0x5555))
            .rtc(RtcOptions.parse(OptionSource.of("-rtc", "base=2006-06-17,clock=vm", "")))
            .chardev("pty,id=agent")
            .serial(SerialPort.parse("pty"))
            .device("virtio-serial-device,id=vs")
            .device("virtserialport,bus=vs.0,chardev=agent,name=agent")
            .netdev("loopback,id=n0")
            .device("virtio-net-device,netdev=n0,id=first")
            .nic(Nic.source("null"))
            .nic(Nic.source("none"))
            .build();
    try (var machine = VirtualMachine.create(description)) {
      assertThat(machine.redirections())
          .extracting(VirtualMachine.Redirection::label)
          .containsExactly("agent", "serial0");
      assertThat(machine.redirections()).allSatisfy(r -> assertThat(Path.of(r.path())).exists());
      assertThat(machine.machine().wallClock().epochNanos())
          .isEqualTo(1150502400L * 1_000_000_000L);
      assertThat(machine.machine().devices().all().stream().map(d -> d.type().name()))
          .contains("virtserialport", "virtio-net-device");
      var cards =
          machine.machine().devices().all().stream()
              .filter(d -> d.props() instanceof VirtioNet.Props)
              .map(d -> ((VirtioNet.Props) d.props()).mac())
              .toList();
      assertThat(cards).containsExactly("52:54:00:12:34:56", "52:54:00:12:34:57");
    }
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "virtserialport,chardev=c0 | a second device",
        "virtio-net-device,netdev=n1 | there is no net backend 'n1'; did you mean 'n0'?",
      })
  void aBackEndThatIsNotThereOrNotFreeIsRefused(String device, String message) throws Exception {
    MachineDescription.Builder description =
        bare(program("", 0x5555))
            .chardev("null,id=c0")
            .netdev("null,id=n0")
            .device("virtio-serial-device")
            .device("virtconsole,chardev=c0")
            .device(device);
    assertThatThrownBy(() -> VirtualMachine.create(description.build()))
        .isInstanceOf(OptionException.class)
        .hasMessageContaining(message.replace("a second device", "has a device already"));
  }
}
