package dev.kasuari.target.arm.isa;

import dev.kasuari.guests.Deb;
import dev.kasuari.guests.DebianPackage;
import dev.kasuari.guests.DebianPackages;
import dev.kasuari.guests.Progress;
import dev.kasuari.testkit.CodeSection;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.stream.IntStream;

/** The words of the kernel of Debian's network installer and of its busybox, each once. */
final class DebianCode {
  private static final String SUITE = "bookworm";
  private static final String ARCHITECTURE = "arm64";

  private final int[] kernel;
  private final int[] busybox;

  private DebianCode(int[] kernel, int[] busybox) {
    this.kernel = kernel;
    this.busybox = busybox;
  }

  /** Fetches both. */
  static DebianCode fetch() throws IOException {
    var packages = DebianPackages.fromEnvironment();
    Deb installer = deb(packages, "debian-installer-12-netboot-arm64");
    byte[] image = installer.read(path -> path.endsWith("/arm64/linux")).values().iterator().next();
    Deb busybox = deb(packages, "busybox-static");
    byte[] program = busybox.read(path -> path.endsWith("bin/busybox")).values().iterator().next();
    return new DebianCode(words(CodeSection.ofPe(image)), words(CodeSection.ofElf(program)));
  }

  private static Deb deb(DebianPackages packages, String name) throws IOException {
    return new Deb(packages.deb(new DebianPackage(name, SUITE, ARCHITECTURE), Progress.none()));
  }

  int[] kernel() {
    return kernel.clone();
  }

  int[] busybox() {
    return busybox.clone();
  }

  private static int[] words(ByteBuffer code) {
    return IntStream.range(0, code.limit() / 4)
        .map(i -> code.getInt(4 * i))
        .sorted()
        .distinct()
        .toArray();
  }
}
