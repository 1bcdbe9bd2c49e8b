package dev.kasuari.demo;

import dev.kasuari.testkit.ConsoleProcess;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** Runs the demo kernel under QEMU. */
final class Qemu {
  static final String PROGRAM = "qemu-system-riscv64";
  private static final int PATIENCE_SECONDS = 180;

  private Qemu() {}

  static boolean installed() {
    return List.of(System.getenv("PATH").split(":")).stream()
        .anyMatch(directory -> Files.isExecutable(Path.of(directory, PROGRAM)));
  }

  /** Starts it with these boot arguments; {@code more} are QEMU's options. */
  static ConsoleProcess start(Path directory, String bootArguments, String... more)
      throws IOException {
    Path kernel = Files.write(directory.resolve("Image"), DemoKernel.image());
    var command = new ArrayList<>(List.of(PROGRAM, "-M", "virt", "-nographic", "-no-reboot"));
    command.addAll(List.of("-kernel", kernel.toString(), "-append", bootArguments));
    command.addAll(List.of("-global", "virtio-mmio.force-legacy=false"));
    command.addAll(List.of(more));
    return ConsoleProcess.start(command, PATIENCE_SECONDS);
  }

  /** QEMU's options for a virtio disk. */
  static String[] disk(Path image, String more) {
    return new String[] {
      "-drive",
      "if=none,id=d,format=raw,file=" + image + more,
      "-device",
      "virtio-blk-device,drive=d"
    };
  }
}
