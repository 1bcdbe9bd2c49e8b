package dev.kasuari.it.smp;

import dev.kasuari.boards.Boards;
import dev.kasuari.boards.BootOptions;
import dev.kasuari.vm.MachineDescription;
import dev.kasuari.vm.SerialPort;
import dev.kasuari.vm.VirtualMachine;
import java.util.concurrent.CountDownLatch;

/** A program that has a machine, and ends in one way or another while the guest runs. */
final class EmbeddedMachine {
  private EmbeddedMachine() {}

  /**
   * Starts a guest; when a line comes on standard input, ends.
   *
   * @param arguments how, and the guest
   */
  public static void main(String[] arguments) throws Exception {
    var machine =
        VirtualMachine.create(
            MachineDescription.of(Boards.of("riscv64").getFirst())
                .ram(128L << 20)
                .cpus(4)
                .serial(SerialPort.parse("file:/dev/stdout"))
                .boot(new BootOptions(null, arguments[1], null, null, null))
                .build());
    machine.start();
    if (System.in.read() < 0) {
      throw new IllegalStateException("nobody says when");
    }
    switch (arguments[0]) {
      case "exit" -> System.exit(7);
      case "allocate" -> allocate();
      case "throw" -> throw new IllegalStateException("the program's own mistake");
      case "close-by-two" -> closeByTwo(machine);
      default -> {} // main returns
    }
  }

  /** Garbage for dozens of collections. */
  private static void allocate() {
    long sum = 0;
    var kept = new byte[1000][];
    for (int i = 0; i < 200_000; i++) {
      kept[i % kept.length] = new byte[10_000];
      sum += kept[i * 7 % kept.length] == null ? 0 : 1;
    }
    System.out.println("allocated " + sum);
  }

  private static void closeByTwo(VirtualMachine machine) throws InterruptedException {
    var both = new CountDownLatch(2);
    for (int i = 0; i < 2; i++) {
      Thread.ofPlatform()
          .start(() -> {
            machine.close();
            both.countDown();
          });
    }
    both.await();
  }
}
