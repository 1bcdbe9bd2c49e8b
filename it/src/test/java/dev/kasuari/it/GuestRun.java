package dev.kasuari.it;

import static org.assertj.core.api.Assertions.assertThat;

import dev.kasuari.boards.BootOptions;
import dev.kasuari.guests.LinuxGuest;
import dev.kasuari.machine.Shutdown;
import dev.kasuari.vm.MachineDescription;
import dev.kasuari.vm.VirtualMachine;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;

/** Guests that run from their start to their end. */
final class GuestRun {
  private GuestRun() {}

  /** What a Linux guest starts with. */
  static BootOptions boot(LinuxGuest guest) {
    return new BootOptions(
        null, guest.kernel().toString(), guest.initrd().toString(), guest.append(), null);
  }

  /** Runs a machine until its guest switches it off, with the exit code 0. */
  static void toTheEnd(MachineDescription description, Path console, int minutes) throws Exception {
    try (var machine = VirtualMachine.create(description)) {
      machine.start();
      Shutdown end = machine.machine().awaitShutdown(minutes, TimeUnit.MINUTES);
      assertThat(end).as(() -> "the end of\n" + DiskWork.read(console)).isNotNull();
      assertThat(end.exitCode()).as(end.reason()).isZero();
    }
  }
}
