package dev.kasuari.boot;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Kernel, initrd and devicetree lie where QEMU's {@code virt} puts them. */
@Tag("guest")
final class QemuPlacementTest {
  private static final long BASE = 0x8000_0000L;
  private static final Path FIRMWARE =
      Path.of("/usr/lib/riscv64-linux-gnu/opensbi/generic/fw_dynamic.bin");

  @TempDir Path directory;

  private static String run(String input, List<String> command) throws IOException {
    Process process;
    try {
      process = new ProcessBuilder(command).redirectErrorStream(true).start();
    } catch (IOException e) {
      throw new AssertionError(
          command.getFirst() + " is not installed: apt-get install qemu-system-misc", e);
    }
    try (OutputStream in = process.getOutputStream()) {
      in.write(input.getBytes(StandardCharsets.US_ASCII));
    }
    return new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
  }

  /** The first 64-bit words of QEMU's boot ROM at 0x1000. */
  private static List<Long> rom(List<String> machine) throws IOException {
    List<String> command = new ArrayList<>(machine);
    command.addAll(List.of("-display", "none", "-S", "-monitor", "stdio"));
    Matcher words =
        Pattern.compile("0x([0-9a-f]{16})").matcher(run("xp /16gx 0x1000\nquit\n", command));
    List<Long> found = new ArrayList<>();
    while (words.find()) {
      found.add(Long.parseUnsignedLong(words.group(1), 16));
    }
    return found;
  }

  @ParameterizedTest
  @ValueSource(longs = {64, 128, 256, 512, 1024, 4096})
  void theSamePlacesInEveryMemory(long mib) throws Exception {
    Path kernel = Files.write(directory.resolve("Image"), KernelImageTest.image());
    Path initrd = Files.write(directory.resolve("initrd"), new byte[100_000]);
    Path dtb = directory.resolve("virt.dtb");
    List<String> machine = new ArrayList<>(List.of("qemu-system-riscv64", "-m", mib + "M"));
    machine.addAll(List.of("-kernel", kernel.toString(), "-initrd", initrd.toString()));
    List<String> dump = new ArrayList<>(machine);
    dump.addAll(List.of("-display", "none", "-M", "virt,dumpdtb=" + dtb));
    run("", dump);
    machine.addAll(List.of("-M", "virt"));
    List<Long> rom = rom(machine);

    Fdt tree = Fdt.read("virt.dtb", Files.readAllBytes(dtb));
    FdtNode chosen = Objects.requireNonNull(tree.root().find("/chosen"));
    Placement ours =
        Placement.riscv(
            new Placement.Ram(BASE, mib << 20),
            64,
            BASE + 0x1_0000,
            KernelImage.of("-kernel Image", KernelImageTest.image(), Architecture.RISCV64),
            100_000,
            Files.size(dtb));
    assertThat(number(chosen, "linux,initrd-start")).isEqualTo(ours.initrd());
    assertThat(number(chosen, "linux,initrd-end")).isEqualTo(ours.initrdEnd());
    assertThat(rom.get(3)).as("start").isEqualTo(BASE);
    assertThat(rom.get(4)).as("devicetree").isEqualTo(ours.dtb());
    assertThat(rom).as("next address for the firmware").contains(ours.kernel());
  }

  private static long number(FdtNode node, String property) throws BootException {
    return Objects.requireNonNull(node.property(property)).number();
  }

  @Test
  void ourBootRomStartsOpenSbiWithOurDevicetree() throws Exception {
    Path dtb = directory.resolve("virt.dtb");
    run("", List.of("qemu-system-riscv64", "-display", "none", "-M", "virt,dumpdtb=" + dtb));
    Fdt tree = Fdt.read("virt.dtb", Files.readAllBytes(dtb));
    tree.root().strings("model", "a machine of ours");
    Path changed = Files.write(directory.resolve("ours.dtb"), tree.write());
    assertThat(FIRMWARE).as("apt-get install opensbi").exists();
    // The firmware goes on at a program that powers off through the test finisher.
    int[] program = {0x00100537, 0x000055b7, 0x5555859b, 0x00b52023, 0x0000006f};
    byte[] rom =
        RiscvBootRom.contents(
            64, BASE, 0x8200_0000L, RiscvBootRom.DynamicInfo.supervisor(0x8020_0000L));
    Path romFile = Files.write(directory.resolve("rom"), rom);
    Path next = Files.write(directory.resolve("next"), words(program));
    String out =
        run(
            "",
            List.of(
                "timeout",
                "60",
                "qemu-system-riscv64",
                "-M",
                "virt",
                "-m",
                "128M",
                "-bios",
                "none",
                "-nographic",
                "-device",
                "loader,addr=0x80000000,file=" + FIRMWARE + ",force-raw=on",
                "-device",
                "loader,addr=0x82000000,file=" + changed + ",force-raw=on",
                "-device",
                "loader,addr=0x80200000,file=" + next + ",force-raw=on",
                "-device",
                "loader,addr=0x83000000,file=" + romFile + ",force-raw=on",
                "-device",
                "loader,addr=0x83000000,cpu-num=0"));
    assertThat(out)
        .contains("OpenSBI v")
        .contains("a machine of ours")
        .containsPattern("Domain0 Next Address +: 0x0000000080200000")
        .containsPattern("Domain0 Next Mode +: S-mode");
  }

  private static byte[] words(int[] program) {
    ByteBuffer bytes = ByteBuffer.allocate(4 * program.length).order(ByteOrder.LITTLE_ENDIAN);
    for (int word : program) {
      bytes.putInt(word);
    }
    return bytes.array();
  }
}
