package dev.kasuari.bench;

import dev.kasuari.bench.Benchmark.Kernel;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;

/** Makes ELF files of the kernels' sources; what was made once of the same sources is kept. */
final class GuestBuilder {
  /** What belongs to every kernel, of all targets and of the kernel's own. */
  private static final List<String> AROUND =
      List.of(
          "bench.h",
          "machine.h",
          "memory.c",
          "run.c",
          "start.S",
          "link.ld",
          "machine.c",
          "target.h",
          "tables.h",
          "events.h",
          "syscall.h");

  private final Path cache;
  private final Toolchain toolchain;
  private final Execution execution;

  /**
   * A builder.
   *
   * @param cache a directory for what is made, created if need be
   */
  GuestBuilder(Path cache, Toolchain toolchain, Execution execution) {
    this.cache = cache;
    this.toolchain = toolchain;
    this.execution = execution;
  }

  /** The user's cache directory for this. */
  static Path userCache() {
    String home = System.getenv("XDG_CACHE_HOME");
    Path base =
        home == null || home.isEmpty()
            ? Path.of(System.getProperty("user.home"), ".cache")
            : Path.of(home);
    return base.resolve("kasuari").resolve("bench");
  }

  /**
   * The kernel, ready to be given its work.
   *
   * @throws BenchException if it cannot be compiled
   */
  GuestImage build(Kernel kernel) {
    try {
      var files = new ArrayList<>(AROUND);
      files.add(kernel.source() + ".c");
      MessageDigest digest = MessageDigest.getInstance("SHA-256");
      digest.update((toolchain.key() + kernel.flags()).getBytes(StandardCharsets.UTF_8));
      for (String file : files) {
        digest.update(read(file));
      }
      String hash = HexFormat.of().formatHex(digest.digest(), 0, 12);
      if (generated(kernel)) {
        digest.update(OnceCode.of(toolchain.target(), kernel));
      }
      Path elf =
          cache.resolve(toolchain.target().label + "-" + kernel.source() + "-" + hash + ".elf");
      if (!Files.exists(elf)) {
        compile(kernel, files, elf);
      }
      return new GuestImage(Files.readAllBytes(elf));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (NoSuchAlgorithmException e) {
      throw new AssertionError("every Java has SHA-256", e);
    }
  }

  private static boolean generated(Kernel kernel) {
    return kernel.source().equals(OnceCode.SOURCE);
  }

  private void compile(Kernel kernel, List<String> files, Path elf) throws IOException {
    Files.createDirectories(cache);
    try (var place = TemporaryDirectory.in(cache)) {
      for (String file : files) {
        Files.write(place.path().resolve(file), read(file));
      }
      Path made = place.path().resolve("kernel.elf");
      var flags = new ArrayList<>(kernel.flags());
      flags.add("-DDEFAULT_WORK=1");
      if (generated(kernel)) {
        Path blob = place.path().resolve("blob");
        Files.write(blob, OnceCode.of(toolchain.target(), kernel));
        flags.add("-DBLOB=\"" + blob + "\"");
      }
      toolchain.build(place.path(), kernel.source(), flags, made, execution);
      Files.move(made, elf, StandardCopyOption.ATOMIC_MOVE);
    }
  }

  /** The target's own file, or the one that all share. */
  private byte[] read(String file) throws IOException {
    for (String folder : List.of("guest/" + toolchain.target().label, "guest")) {
      try (InputStream in = GuestBuilder.class.getResourceAsStream(folder + "/" + file)) {
        if (in != null) {
          return in.readAllBytes();
        }
      }
    }
    throw new IllegalStateException("guest/" + file + " is not in this build");
  }
}
