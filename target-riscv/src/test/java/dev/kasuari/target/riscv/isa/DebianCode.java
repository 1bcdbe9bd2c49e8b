package dev.kasuari.target.riscv.isa;

import dev.kasuari.guests.Deb;
import dev.kasuari.guests.DebianPackage;
import dev.kasuari.guests.DebianPackages;
import dev.kasuari.guests.Progress;
import dev.kasuari.testkit.CodeSection;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.stream.IntStream;

/**
 * The instructions of Debian's kernel and of its busybox, each once; one of 16 bits with a filler
 * behind it.
 */
final class DebianCode {
  private static final String SUITE = "trixie";
  private static final String ARCHITECTURE = "riscv64";

  private final int[] kernel;
  private final int[] busybox;

  private DebianCode(int[] kernel, int[] busybox) {
    this.kernel = kernel;
    this.busybox = busybox;
  }

  /** Fetches both. */
  static DebianCode fetch() throws IOException {
    var packages = DebianPackages.fromEnvironment();
    var image = new DebianPackage("linux-image-*-" + ARCHITECTURE, SUITE, ARCHITECTURE);
    var shell = new DebianPackage("busybox-static", SUITE, ARCHITECTURE);
    String name = packages.find(image, Progress.none()).name();
    Deb kernel =
        new Deb(packages.deb(new DebianPackage(name, SUITE, ARCHITECTURE), Progress.none()));
    Deb busybox = new Deb(packages.deb(shell, Progress.none()));
    byte[] vmlinux =
        kernel.read(path -> path.matches("boot/vmlinu[xz]-.*")).values().iterator().next();
    return new DebianCode(
        instructions(CodeSection.ofPe(vmlinux)),
        instructions(CodeSection.ofElf(busybox.read("usr/bin/busybox"))));
  }

  int[] kernel() {
    return kernel.clone();
  }

  int[] busybox() {
    return busybox.clone();
  }

  private static int[] instructions(ByteBuffer code) {
    int[] all = new int[code.limit() / 2];
    int count = 0;
    int at = 0;
    while (at + 4 <= code.limit()) {
      boolean wide = (code.get(at) & 3) == 3;
      int word = wide ? code.getInt(at) : (code.getShort(at) & 0xffff) | ObjdumpTest.FILLER;
      at += wide ? 4 : 2;
      // Five ones begin what binutils takes for a longer instruction; tables have such words.
      if ((word & 0x1f) != 0x1f) {
        all[count++] = word;
      }
    }
    return IntStream.of(Arrays.copyOf(all, count)).sorted().distinct().toArray();
  }
}
