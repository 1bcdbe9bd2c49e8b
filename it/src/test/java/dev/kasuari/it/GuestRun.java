package dev.kasuari.it;

import static org.assertj.core.api.Assertions.assertThat;

import dev.kasuari.boards.BootOptions;
import dev.kasuari.guests.LinuxGuest;
import dev.kasuari.machine.Shutdown;
import dev.kasuari.qapi.OptionSource;
import dev.kasuari.vm.MachineDescription;
import dev.kasuari.vm.SerialPort;
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

  /**
   * Arm's {@code virt} with two CPUs.
   *
   * @param properties as {@code -M} takes them
   * @param console the file that the serial port writes
   */
  static MachineDescription onArm(LinuxGuest guest, String properties, String cpu, Path console) {
    return MachineDescription.of(DebianTarget.AARCH64.board())
        .properties(OptionSource.of("-M", properties, ""))
        .cpu(cpu)
        .ram(512L << 20)
        .cpus(2)
        .serial(SerialPort.parse("file:" + console))
        .boot(boot(guest))
        .build();
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
