package dev.kasuari.boards;

import static org.assertj.core.api.Assertions.assertThat;

import dev.kasuari.boot.BootException;
import dev.kasuari.boot.Fdt;
import dev.kasuari.boot.FdtNode;
import dev.kasuari.boot.FdtProperty;
import dev.kasuari.qapi.OptionSource;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Our devicetree of a board against the one that QEMU generates for the same machine, node by node.
 *
 * @param target the architecture in the emulators' names
 * @param board the machine type
 * @param cpu the model
 * @param others nodes, by the beginning of their path, that only one of the two has, and why
 * @param different properties that differ, by path, and why
 */
record QemuDevicetree(
    String target,
    String board,
    String cpu,
    Map<String, String> others,
    Map<String, String> different) {
  /** Properties that differ on every board, by the last part of their path, and why. */
  private static final Map<String, String> DIFFERENT_EVERYWHERE =
      Map.ofEntries(
          Map.entry("/:model", "names the emulator"),
          Map.entry("riscv,isa", "another set of extensions"),
          Map.entry("riscv,isa-base", "newer than QEMU 7.2"),
          Map.entry("riscv,isa-extensions", "newer than QEMU 7.2"),
          Map.entry("riscv,cbom-block-size", "newer than QEMU 7.2"),
          Map.entry("riscv,cbop-block-size", "newer than QEMU 7.2"),
          Map.entry("riscv,cboz-block-size", "newer than QEMU 7.2"),
          Map.entry("mmu-type", "the widest there is, which QEMU 7.2 does not say"),
          Map.entry("phandle", "numbers are given in another order"),
          Map.entry("interrupt-parent", "a phandle"),
          Map.entry("regmap", "a phandle"),
          Map.entry("clocks", "a phandle"),
          Map.entry("gpios", "a phandle"),
          Map.entry("cpu", "a phandle"));

  /** What differs and is not allowed to. */
  Set<String> differences(int cpus, Path folder) throws Exception {
    return differences("", cpus, folder);
  }

  /**
   * What differs and is not allowed to.
   *
   * @param properties of the board, as {@code -M} takes them
   */
  Set<String> differences(String properties, int cpus, Path folder) throws Exception {
    return differences(properties, cpus, null, folder);
  }

  /**
   * What differs and is not allowed to.
   *
   * @param properties of the board, as {@code -M} takes them
   * @param kernel what {@code -kernel} names
   */
  Set<String> differences(String properties, int cpus, @Nullable Path kernel, Path folder)
      throws Exception {
    Map<String, String> qemu = new TreeMap<>();
    Map<String, String> ours = new TreeMap<>();
    collect(qemuTree(properties, cpus, kernel, folder).root(), qemu);
    collect(ourTree(properties, cpus, kernel).root(), ours);
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
    return differences;
  }

  private boolean allowed(String key) {
    String property = key.substring(key.indexOf(':') + 1);
    return others.keySet().stream().anyMatch(key::startsWith)
        || different.containsKey(key)
        || DIFFERENT_EVERYWHERE.containsKey(key)
        || DIFFERENT_EVERYWHERE.containsKey(property);
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

  private Fdt qemuTree(String properties, int cpus, @Nullable Path kernel, Path folder)
      throws Exception {
    Path file = folder.resolve("qemu.dtb");
    String machine = board + ",dumpdtb=" + file + (properties.isEmpty() ? "" : "," + properties);
    String memory = "512M";
    var command =
        new ArrayList<>(
            List.of(
                "qemu-system-" + target,
                "-nodefaults",
                "-M",
                machine,
                "-cpu",
                cpu,
                "-m",
                memory,
                "-smp",
                "" + cpus));
    if (kernel != null) {
      command.addAll(List.of("-kernel", kernel.toString()));
    }
    run(command);
    return Fdt.read(file.toString(), Files.readAllBytes(file));
  }

  private static void run(List<String> command) throws InterruptedException {
    try {
      Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
      process.getInputStream().readAllBytes();
      assertThat(process.waitFor(60, TimeUnit.SECONDS)).isTrue();
      assertThat(process.exitValue()).isZero();
    } catch (IOException e) {
      throw new AssertionError("needs QEMU: apt-get install qemu-system-misc qemu-system-arm", e);
    }
  }

  private Fdt ourTree(String properties, int cpus, @Nullable Path kernel) throws Exception {
    String file = kernel == null ? null : kernel.toString();
    var options = new BootOptions(null, file, null, null, null);
    OptionSource source = OptionSource.of("-M", properties, "");
    try (var machine = new BoardMachine(target, source, board, cpu, 512L << 20, cpus, options)) {
      return machine.deviceTree();
    }
  }
}
