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

/** {@code kasuari demo debian}: Debian's own kernel and initrd, to a shell. */
final class DebianDemo {
  private static final long RAM = 1L << 30;
  private static final String SUITE = "trixie";
  private static final String ARCHITECTURE = "riscv64";

  private final Streams streams;

  DebianDemo(Streams streams) {
    this.streams = streams;
  }

  int run(int cpus) throws IOException, BootException, InterruptedException {
    LinuxGuest guest = fetch();
    streams
        .err()
        .printf(
            """
            kasuari: booting %s with %d CPUs and 1 GiB of memory, as would
              kasuari-system-riscv64 -M virt -smp %d -m 1G -nographic -kernel %s \\
                -initrd %s -append '%s'
            In the shell, poweroff -f ends it. Ctrl-A x leaves at once, Ctrl-A h shows more keys.
            """,
            guest.name(), cpus, cpus, guest.kernel(), guest.initrd(), guest.append());
    var boot =
        new BootOptions(
            null, guest.kernel().toString(), guest.initrd().toString(), guest.append(), null);
    MachineDescription description =
        MachineDescription.of(Boards.of(ARCHITECTURE).getFirst())
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
      return guests.shell(SUITE, ARCHITECTURE, LinuxGuests.Form.UNPACKED, progress);
    }
  }
}
