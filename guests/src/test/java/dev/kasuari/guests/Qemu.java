package dev.kasuari.guests;

import dev.kasuari.testkit.ConsoleProcess;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

/** Runs guests under QEMU. */
final class Qemu {
  private static final int PATIENCE_SECONDS = 180;

  private Qemu() {}

  static ConsoleProcess riscv64(LinuxGuest guest, String memory, List<String> more)
      throws IOException {
    if (Command.find("qemu-system-riscv64", System.getenv()) == null) {
      throw new AssertionError(
          "qemu-system-riscv64 is not installed: apt-get install qemu-system-misc");
    }
    List<String> command = new ArrayList<>(List.of("qemu-system-riscv64", "-M", "virt"));
    command.addAll(List.of("-m", memory, "-nographic", "-no-reboot"));
    command.addAll(List.of("-kernel", guest.kernel().toString()));
    command.addAll(List.of("-initrd", guest.initrd().toString()));
    command.addAll(List.of("-append", guest.append() + " quiet"));
    command.addAll(more);
    return ConsoleProcess.start(command, PATIENCE_SECONDS);
  }
}
