package dev.kasuari.target.riscv.isa;

import dev.kasuari.guests.Deb;
import dev.kasuari.guests.DebianPackage;
import dev.kasuari.guests.DebianPackages;
import dev.kasuari.guests.Progress;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
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
        instructions(peText(vmlinux)), instructions(elfText(busybox.read("usr/bin/busybox"))));
  }

  int[] kernel() {
    return kernel.clone();
  }

  int[] busybox() {
    return busybox.clone();
  }

  /** Microsoft PE and COFF specification, sections "COFF File Header" and "Section Table". */
  private static ByteBuffer peText(byte[] file) {
    ByteBuffer b = ByteBuffer.wrap(file).order(ByteOrder.LITTLE_ENDIAN);
    int header = b.getInt(0x3c) + 4;
    int sections = b.getShort(header + 2);
    int first = header + 20 + b.getShort(header + 16);
    for (int i = 0; i < sections; i++) {
      int at = first + 40 * i;
      if (new String(file, at, 5, StandardCharsets.US_ASCII).equals(".text")) {
        return b.slice(b.getInt(at + 20), b.getInt(at + 16)).order(ByteOrder.LITTLE_ENDIAN);
      }
    }
    throw new AssertionError("a kernel without .text");
  }

  /** The section named {@code .text}. System V ABI, chapter 4, "Sections". */
  private static ByteBuffer elfText(byte[] file) {
    ByteBuffer b = ByteBuffer.wrap(file).order(ByteOrder.LITTLE_ENDIAN);
    int table = (int) b.getLong(0x28);
    int count = b.getShort(0x3c);
    int names = (int) b.getLong(table + 64 * b.getShort(0x3e) + 0x18);
    for (int i = 0; i < count; i++) {
      int at = table + 64 * i;
      String name = new String(file, names + b.getInt(at), 6, StandardCharsets.US_ASCII);
      if (name.equals(".text\0")) {
        return b.slice((int) b.getLong(at + 0x18), (int) b.getLong(at + 0x20))
            .order(ByteOrder.LITTLE_ENDIAN);
      }
    }
    throw new AssertionError("a program without .text");
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
