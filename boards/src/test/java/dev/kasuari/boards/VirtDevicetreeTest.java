package dev.kasuari.boards;

import static org.assertj.core.api.Assertions.assertThat;

import dev.kasuari.boot.BootException;
import dev.kasuari.boot.Fdt;
import dev.kasuari.boot.FdtNode;
import dev.kasuari.boot.FdtProperty;
import dev.kasuari.machine.Machine;
import dev.kasuari.machine.backend.CharBackend;
import dev.kasuari.qapi.OptionSource;
import dev.kasuari.tcg.interp.Interpreter;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Our devicetree against the one that QEMU generates for the same machine, node by node. */
@Tag("guest")
class VirtDevicetreeTest {
  /** Nodes that only QEMU has, and why. */
  private static final Map<String, String> MISSING =
      Map.of(
          "/fw-cfg@10100000", "comes with UEFI",
          "/flash@20000000", "comes with UEFI",
          "/platform-bus@4000000", "for devices that QEMU plugs into its board at run time",
          "/soc/pci@30000000", "PCI Express is not there yet",
          "/pmu", "the SBI's performance monitoring extension is not there yet");

  /** Properties that differ, by the last part of their path, and why. */
  private static final Map<String, String> DIFFERENT =
      Map.of(
          "/:model", "names the emulator",
          "/chosen:rng-seed", "random",
          "/soc/plic@c000000:riscv,ndev", "QEMU 7.2 counts one more than there are",
          "riscv,isa", "another set of extensions",
          "riscv,isa-base", "newer than QEMU 7.2",
          "riscv,isa-extensions", "newer than QEMU 7.2",
          "phandle", "numbers are given in another order",
          "interrupt-parent", "a phandle",
          "regmap", "a phandle",
          "cpu", "a phandle");

  @TempDir Path folder;

  @ParameterizedTest
  @ValueSource(ints = {1, 4})
  void differsFromQemusInNamedPlacesOnly(int cpus) throws Exception {
    Map<String, String> qemu = new TreeMap<>();
    Map<String, String> ours = new TreeMap<>();
    collect(qemuTree(cpus).root(), qemu);
    collect(ourTree(cpus).root(), ours);
    var differences = new TreeSet<String>();
    for (String key : qemu.keySet()) {
      if (!allowed(key) && !qemu.get(key).equals(ours.get(key))) {
        differences.add(key + ": QEMU " + qemu.get(key) + ", Kasuari " + ours.get(key));
      }
    }
    for (String key : ours.keySet()) {
      if (!allowed(key) && !qemu.containsKey(key)) {
        differences.add(key + ": only Kasuari, " + ours.get(key));
      }
    }
    assertThat(differences).isEmpty();
  }

  private static boolean allowed(String key) {
    String property = key.substring(key.indexOf(':') + 1);
    return MISSING.keySet().stream().anyMatch(key::startsWith)
        || DIFFERENT.containsKey(key)
        || DIFFERENT.containsKey(property);
  }

  private static void collect(FdtNode node, Map<String, String> into) throws BootException {
    String path = node.path();
    into.put(path + ":", "");
    for (FdtProperty property : node.properties()) {
      into.put(path + ":" + property.name(), value(property));
    }
    for (FdtNode child : node.children()) {
      collect(child, into);
    }
  }

  /** Bytes; of interrupts at several controllers the numbers without the phandles. */
  private static String value(FdtProperty property) throws BootException {
    if (!property.name().equals("interrupts-extended")) {
      return HexFormat.of().formatHex(property.bytes());
    }
    long[] cells = property.cells();
    var numbers = new ArrayList<Long>();
    for (int i = 1; i < cells.length; i += 2) {
      numbers.add(cells[i]);
    }
    return numbers.toString();
  }

  private Fdt qemuTree(int cpus) throws Exception {
    Path file = folder.resolve("qemu.dtb");
    run(
        List.of(
            "qemu-system-riscv64", "-M", "virt,dumpdtb=" + file, "-m", "512M", "-smp", "" + cpus));
    return Fdt.read(file.toString(), Files.readAllBytes(file));
  }

  private static void run(List<String> command) throws InterruptedException {
    try {
      Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
      process.getInputStream().readAllBytes();
      assertThat(process.waitFor(60, TimeUnit.SECONDS)).isTrue();
      assertThat(process.exitValue()).isZero();
    } catch (IOException e) {
      throw new AssertionError("needs QEMU: apt-get install qemu-system-misc", e);
    }
  }

  private static Fdt ourTree(int cpus) throws Exception {
    try (Machine machine = Machine.builder("virt").build()) {
      var options =
          new BoardOptions(
              512L << 20,
              cpus,
              "rv64",
              new Interpreter(),
              List.of(new Silence()),
              OptionSource.empty("-M"));
      Board board = Boards.of("riscv64").getFirst().build(machine, options);
      board.load(new BootOptions(null, null, null, null, null));
      return board.deviceTree();
    }
  }

  /** A serial line with nobody on it. */
  private static final class Silence implements CharBackend {
    @Override
    public String id() {
      return "silence";
    }

    @Override
    public void connect(Receiver receiver, Consumer<Runnable> post) {}

    @Override
    public int write(byte[] bytes, int offset, int length, Runnable writable) {
      return length;
    }

    @Override
    public void acceptInput() {}

    @Override
    public void close() {}
  }
}
