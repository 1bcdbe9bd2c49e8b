package dev.kasuari.cli;

import dev.kasuari.boards.Boards;
import dev.kasuari.boards.BootOptions;
import dev.kasuari.boot.BootException;
import dev.kasuari.guests.DebianPackages;
import dev.kasuari.guests.LinuxGuest;
import dev.kasuari.guests.LinuxGuests;
import dev.kasuari.vm.MachineDescription;
import dev.kasuari.vm.SerialPort;
import dev.kasuari.vm.VirtualMachine;
import java.io.IOException;
import org.jspecify.annotations.Nullable;

/** {@code kasuari demo debian [TARGET]}: Debian's own kernel and initrd, to a shell. */
final class DebianDemo {
  private static final long RAM = 1L << 30;

  /** Which Debian there is for a target, and what Debian calls it. */
  enum Release {
    RISCV64("riscv64", "trixie", "riscv64"),
    AARCH64("aarch64", "bookworm", "arm64");

    private final String target;
    private final String suite;
    private final String architecture;

    Release(String target, String suite, String architecture) {
      this.target = target;
      this.suite = suite;
      this.architecture = architecture;
    }

    /** That for a target, or null if there is none. */
    static @Nullable Release of(String target) {
      for (Release release : values()) {
        if (release.target.equals(target)) {
          return release;
        }
      }
      return null;
    }
  }

  private final Release release;
  private final Streams streams;

  DebianDemo(Release release, Streams streams) {
    this.release = release;
    this.streams = streams;
  }

  int run(int cpus) throws IOException, BootException, InterruptedException {
    LinuxGuest guest = fetch();
    streams
        .err()
        .printf(
            """
            kasuari: booting %s with %d CPUs and 1 GiB of memory, as would
              kasuari-system-%s -M virt -smp %d -m 1G -nographic -kernel %s \\
                -initrd %s -append '%s'
            In the shell, poweroff -f ends it. Ctrl-A x leaves at once, Ctrl-A h shows more keys.
            """,
            guest.name(),
            cpus,
            release.target,
            cpus,
            guest.kernel(),
            guest.initrd(),
            guest.append());
    var boot =
        new BootOptions(
            null, guest.kernel().toString(), guest.initrd().toString(), guest.append(), null);
    MachineDescription description =
        MachineDescription.of(Boards.of(release.target).getFirst())
            .name("debian")
            .ram(RAM)
            .cpus(cpus)
            .serial(SerialPort.terminal())
            .boot(boot)
            .build();
    VirtualMachine machine = VirtualMachine.create(description);
    return new Running(machine, "kasuari demo debian", streams).untilEnd(false);
  }

  private LinuxGuest fetch() throws IOException {
    try (var progress = new ProgressBar(streams.err())) {
      var guests = new LinuxGuests(DebianPackages.fromEnvironment());
      // Decompressed here: the guest would take many times longer.
      return guests.shell(release.suite, release.architecture, LinuxGuests.Form.UNPACKED, progress);
    }
  }
}
