package dev.kasuari.vm;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.kasuari.boards.BoardType;
import dev.kasuari.boards.Boards;
import dev.kasuari.boards.BootOptions;
import dev.kasuari.hw.nvram.FwCfg;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What firmware is told of {@code bootindex=}. */
@Timeout(60)
class BootOrderTest {
  private static final List<String> DEVICES =
      List.of(
          "virtio-blk-device,drive=a,bootindex=3,bus=virtio-mmio-bus.2",
          "virtio-scsi-device,bus=virtio-mmio-bus.1,id=s",
          "scsi-cd,drive=b,bus=s.0,bootindex=1",
          "scsi-hd,drive=c,bus=s.0,scsi-id=18,lun=20,bootindex=0",
          "virtio-net-device,bus=virtio-mmio-bus.0,bootindex=2",
          "virtio-net-device,bus=virtio-mmio-bus.3,bootindex=-7",
          "virtio-net-device,bus=virtio-mmio-bus.4");

  @TempDir private Path folder;

  @BeforeEach
  void disks() throws IOException {
    for (String name : List.of("a", "b", "c")) {
      Files.write(folder.resolve(name), new byte[1 << 20]);
    }
  }

  private String drive(String name) {
    return "if=none,format=raw,id=" + name + ",file=" + folder.resolve(name);
  }

  private MachineDescription.Builder machine(String target, List<String> devices) {
    BoardType board = Boards.of(target).getFirst();
    var machine = MachineDescription.of(board).boot(new BootOptions(null, null, null, null, null));
    List.of("a", "b", "c")
        .forEach(name -> machine.drive(Drive.parse(Drive.source("-drive", drive(name)))));
    devices.forEach(machine::device);
    return machine;
  }

  private static String order(VirtualMachine machine) {
    FwCfg fwCfg =
        machine.machine().devices().all().stream()
            .filter(FwCfg.class::isInstance)
            .map(FwCfg.class::cast)
            .findFirst()
            .orElseThrow();
    return new String(
        Objects.requireNonNull(fwCfg.contents("bootorder")), StandardCharsets.US_ASCII);
  }

  @Test
  @Tag("fast")
  void unitsThatComeAndGoAreInIt() throws Exception {
    String hd = "scsi-hd,drive=c,bus=s.0,id=u,bootindex=";
    try (var machine = VirtualMachine.create(machine("riscv64", DEVICES.subList(0, 2)).build())) {
      machine.start();
      String disk = "/virtio-mmio@0000000010003000/disk@0,0\0";
      assertThat(order(machine)).isEqualTo(disk);
      assertThatThrownBy(() -> machine.plug(hd + 3))
          .hasMessage("-device scsi-hd: The bootindex 3 has already been used");
      machine.plug(hd + 1);
      assertThat(order(machine))
          .isEqualTo("/virtio-mmio@0000000010002000/channel@0/disk@0,0\n" + disk);
      machine.unplug("u");
      assertThat(order(machine)).isEqualTo(disk);
    }
  }

  @Test
  @Tag("fast")
  void nothingIsSaidOfDevicesWithoutAPlace() throws Exception {
    try (var machine = VirtualMachine.create(machine("aarch64", DEVICES.subList(5, 7)).build())) {
      assertThat(order(machine)).isEmpty();
    }
  }

  @ParameterizedTest
  @Tag("fast")
  @ValueSource(strings = {"riscv64", "aarch64"})
  void twoCannotBeAtOnePlace(String target) {
    var machine =
        machine(target, List.of("virtio-net-device,bootindex=1", "virtio-net-device,bootindex=1"));
    assertThatThrownBy(() -> VirtualMachine.create(machine.build()))
        .hasMessage("-device virtio-net-device: The bootindex 1 has already been used");
  }

  @ParameterizedTest
  @Tag("guest")
  @CsvSource({"riscv64, 0x10100000", "aarch64, 0x9020000"})
  void theFileIsQemus(String target, String registers) throws Exception {
    String order;
    try (var machine = VirtualMachine.create(machine(target, DEVICES).build())) {
      order = order(machine);
    }
    assertThat(order).isEqualTo(qemus(target, Long.decode(registers))).hasLineCount(4);
  }

  private String qemus(String target, long registers) throws Exception {
    var command =
        new ArrayList<>(
            List.of("qemu-system-" + target, "-M", "virt", "-S", "-nodefaults", "-display"));
    command.addAll(List.of("none", "-qtest", "stdio", "-qtest-log", "/dev/null"));
    for (String name : List.of("a", "b", "c")) {
      command.addAll(List.of("-drive", drive(name)));
    }
    for (String device : DEVICES) {
      command.addAll(List.of("-device", device));
    }
    Process qemu =
        new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.INHERIT).start();
    try {
      return new Qtest(qemu, registers).file("bootorder");
    } finally {
      qemu.destroy();
      qemu.waitFor(20, TimeUnit.SECONDS);
    }
  }

  /** QEMU's fw_cfg, register by register. */
  private record Qtest(Process qemu, long registers) {
    private static final int DIRECTORY = 0x19;
    private static final int NAME = 56;

    private String say(String command) throws IOException {
      qemu.outputWriter().write(command + "\n");
      qemu.outputWriter().flush();
      String line = qemu.inputReader().readLine();
      while (line != null && !line.startsWith("OK")) {
        line = qemu.inputReader().readLine();
      }
      assertThat(line).as("an answer to " + command).isNotNull();
      return Objects.requireNonNull(line);
    }

    private void select(int key) throws IOException {
      int swapped = Integer.reverseBytes(key) >>> 16;
      say("writew 0x%x 0x%x".formatted(registers + 8, swapped));
    }

    private byte[] read(int count) throws IOException {
      byte[] out = new byte[count];
      for (int i = 0; i < count; i++) {
        out[i] = (byte) (long) Long.decode(say("readb 0x%x".formatted(registers)).substring(3));
      }
      return out;
    }

    private int number(int bytes) throws IOException {
      int value = 0;
      for (byte b : read(bytes)) {
        value = value << 8 | (b & 0xff);
      }
      return value;
    }

    private String text(int bytes) throws IOException {
      return new String(read(bytes), StandardCharsets.US_ASCII);
    }

    String file(String wanted) throws IOException {
      select(DIRECTORY);
      for (int files = number(4); files > 0; files--) {
        int size = number(4);
        int key = number(2);
        number(2);
        if (text(NAME).startsWith(wanted + "\0")) {
          select(key);
          return text(size);
        }
      }
      throw new AssertionError("QEMU has no file " + wanted);
    }
  }
}
