package dev.kasuari.bench;

import dev.kasuari.qapi.Nearest;
import dev.kasuari.qapi.OptionException;
import java.util.List;
import java.util.stream.Stream;

/** An architecture of the guests: what compiles them, and on which machine they run. */
enum Target {
  RISCV64(
      "riscv64",
      "riscv64-unknown-elf-gcc riscv64-linux-gnu-gcc",
      "gcc-riscv64-unknown-elf and in gcc-riscv64-linux-gnu",
      "-march=rv64gc_zicsr_zifencei -mabi=lp64d -mcmodel=medany -Wl,--no-warn-rwx-segments",
      "-M virt -bios none",
      ".sv39",
      "",
      "qemu-system-misc",
      "trixie",
      "riscv64",
      "-M virt"),
  AARCH64(
      "aarch64",
      "aarch64-none-elf-gcc aarch64-linux-gnu-gcc",
      "gcc-aarch64-linux-gnu",
      "-march=armv8.2-a -mno-outline-atomics -Wl,--no-warn-rwx-segments",
      "-M virt -cpu neoverse-n1 -nic none",
      ".el0",
      "-march=armv8-a",
      "qemu-system-arm",
      "bookworm",
      "arm64",
      "-M virt -cpu cortex-a57 -nic none");

  /** As in {@code qemu-system-NAME}, and the folder of its sources. */
  final String label;

  /** Debian's packages that have a compiler. */
  final String compilerPackages;

  /** What the names of kernels that run behind page tables end in. */
  final String paged;

  /** Debian's package with QEMU for it. */
  final String qemuPackage;

  /** Debian's release and architecture of Linux for it. */
  final String suite;

  final String architecture;

  private final String compilers;
  private final String flags;
  private final String machine;
  private final String reservations;
  private final String linuxMachine;

  Target(
      String label,
      String compilers,
      String compilerPackages,
      String flags,
      String machine,
      String paged,
      String reservations,
      String qemuPackage,
      String suite,
      String architecture,
      String linuxMachine) {
    this.label = label;
    this.compilers = compilers;
    this.compilerPackages = compilerPackages;
    this.flags = flags;
    this.machine = machine;
    this.paged = paged;
    this.reservations = reservations;
    this.qemuPackage = qemuPackage;
    this.suite = suite;
    this.architecture = architecture;
    this.linuxMachine = linuxMachine;
  }

  private static List<String> words(String text) {
    return text.isEmpty() ? List.of() : List.of(text.split(" ", -1));
  }

  /** Names of C compilers, the best first. */
  List<String> compilers() {
    return words(compilers);
  }

  /** What the compiler is told besides what all targets tell it. */
  List<String> flags() {
    return words(flags);
  }

  /** What makes the compiler use reservations and not single instructions for atomics. */
  List<String> reservations() {
    return words(reservations);
  }

  /** The machine of a kernel. */
  List<String> machine() {
    return words(machine);
  }

  /** The machine of Linux. */
  List<String> linuxMachine() {
    return words(linuxMachine);
  }

  /** QEMU's program, or Kasuari's. */
  String program(String family) {
    return family + "-system-" + label;
  }

  /**
   * The one of this name.
   *
   * @throws OptionException if there is none
   */
  static Target of(String label) {
    List<String> labels = Stream.of(values()).map(t -> t.label).toList();
    return Stream.of(values())
        .filter(t -> t.label.equals(label))
        .findFirst()
        .orElseThrow(() ->
            new OptionException(
                "--target "
                    + label
                    + ": one of "
                    + String.join(", ", labels)
                    + Nearest.hint(label, labels)));
  }
}
