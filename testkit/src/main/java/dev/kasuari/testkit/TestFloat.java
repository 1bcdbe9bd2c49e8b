package dev.kasuari.testkit;

import java.io.IOException;
import java.io.InputStream;
import java.io.RandomAccessFile;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/**
 * Berkeley TestFloat's {@code testfloat_gen}, made on demand: the source comes by name from
 * Debian's {@code qemu} source package, through apt and its signatures but without touching the
 * host's own apt, and is compiled with the host's gcc into {@code ~/.cache/kasuari/testfloat}.
 * Nothing of it is part of this repository.
 *
 * <p>{@code KASUARI_DEBIAN_MIRROR} names the archive where the host's apt has no Debian one.
 */
public final class TestFloat {
  /** The suite whose qemu source is known to contain TestFloat. */
  private static final String SUITE = "bookworm";

  private static final String KEYRING = "/usr/share/keyrings/debian-archive-keyring.gpg";
  private static final String PLATFORM = "Linux-x86_64-GCC";

  private final Path home;

  private TestFloat(Path home) {
    this.home = home;
  }

  /**
   * The path of a {@code testfloat_gen} whose NaNs and integer conversions follow one of Berkeley
   * SoftFloat's specializations: {@code RISCV}, {@code 8086-SSE}, {@code 8086}, {@code ARM-VFPv2}.
   *
   * @throws IllegalStateException if it is not cached and cannot be made; says what is missing
   */
  public static Path generator(String specialization) throws IOException {
    Path home = Path.of(System.getProperty("user.home"), ".cache", "kasuari", "testfloat");
    Path program = home.resolve(specialization).resolve("testfloat_gen");
    if (Files.isExecutable(program)) {
      return program;
    }
    Files.createDirectories(home);
    try (var lock = new RandomAccessFile(home.resolve("lock").toFile(), "rw");
        var held = lock.getChannel().lock()) {
      if (held.isValid() && !Files.isExecutable(program)) {
        new TestFloat(home).build(specialization);
      }
    }
    return program;
  }

  private void build(String specialization) throws IOException {
    need("gcc", "make", "ar");
    Path source = home.resolve("source");
    if (!Files.isDirectory(source)) {
      fetch(source);
    }
    Path softfloat = find(source, "berkeley-softfloat-3");
    Path testfloat = find(source, "berkeley-testfloat-3");
    Path work = Files.createTempDirectory(home, "build");
    Path library = buildDirectory(softfloat, work.resolve("softfloat"));
    run(
        library,
        "make",
        "-s",
        "SOURCE_DIR=" + softfloat.resolve("source"),
        "SPECIALIZE_TYPE=" + specialization);
    Path generator = buildDirectory(testfloat, work.resolve("testfloat"));
    run(
        generator,
        "make",
        "-s",
        "SOURCE_DIR=" + testfloat.resolve("source"),
        "SOFTFLOAT_DIR=" + softfloat,
        "SOFTFLOAT_LIB=" + library.resolve("softfloat.a"),
        "TESTFLOAT_OPTS=-DFLOAT16 -DFLOAT64 -DEXTFLOAT80 -DFLOAT128 -DFLOAT_ROUND_ODD",
        "testfloat_gen");
    Path target = Files.createDirectories(home.resolve(specialization));
    Files.move(
        generator.resolve("testfloat_gen"),
        target.resolve("testfloat_gen"),
        StandardCopyOption.ATOMIC_MOVE);
    delete(work);
  }

  private static Path buildDirectory(Path project, Path to) throws IOException {
    Files.createDirectories(to);
    for (String name : List.of("Makefile", "platform.h")) {
      Files.copy(project.resolve("build").resolve(PLATFORM).resolve(name), to.resolve(name));
    }
    return to;
  }

  private void fetch(Path source) throws IOException {
    need("apt-get", "tar", "xz");
    Path apt = Files.createTempDirectory(home, "apt");
    for (String directory : List.of("state/lists/partial", "cache/archives/partial", "parts")) {
      Files.createDirectories(apt.resolve(directory));
    }
    Files.writeString(apt.resolve("status"), "");
    Files.writeString(apt.resolve("parts/debian.sources"), sources());
    Path configuration = apt.resolve("apt.conf");
    Files.writeString(
        configuration,
        """
        Dir::State "%1$s/state";
        Dir::State::status "%1$s/status";
        Dir::Cache "%1$s/cache";
        Dir::Etc::SourceList "/dev/null";
        Dir::Etc::SourceParts "%1$s/parts";
        APT::Sandbox::User "root";
        """
            .formatted(apt));
    Map<String, String> privateApt = Map.of("APT_CONFIG", configuration.toString());
    run(apt, privateApt, "apt-get", "-q", "update");
    run(apt, privateApt, "apt-get", "-q", "source", "--download-only", "--tar-only", "qemu");
    Path unpacked = Files.createTempDirectory(home, "unpack");
    run(
        unpacked,
        "tar",
        "-xf",
        onlyFile(apt, ".orig.tar.xz").toString(),
        "--wildcards",
        "*/berkeley-softfloat-3/*",
        "*/berkeley-testfloat-3/*");
    Files.move(unpacked, source, StandardCopyOption.ATOMIC_MOVE);
    delete(apt);
  }

  /** A deb822 source of the Debian archive's source packages. */
  private String sources() throws IOException {
    String signedBy = Files.exists(Path.of(KEYRING)) ? "Signed-By: " + KEYRING + "\n" : "";
    return """
    Types: deb-src
    URIs: %s
    Suites: %s
    Components: main
    """
            .formatted(mirror(), SUITE)
        + signedBy;
  }

  private String mirror() throws IOException {
    String named = System.getenv("KASUARI_DEBIAN_MIRROR");
    if (named != null) {
      return named;
    }
    String targets =
        run(
            home,
            "apt-get",
            "indextargets",
            "--format",
            "$(REPO_URI) $(COMPONENT)",
            "Identifier: Packages");
    Optional<String> debian =
        targets
            .lines()
            .filter(line -> line.endsWith(" main"))
            .map(line -> line.substring(0, line.length() - " main".length()))
            .filter(uri -> uri.matches(".*/debian/?"))
            .findFirst();
    return debian.orElseThrow(() ->
        new IllegalStateException(
            "TestFloat's source is in Debian's archive, which this host's apt does not use:"
                + " set KASUARI_DEBIAN_MIRROR to the URI of a Debian mirror"));
  }

  private static Path find(Path root, String name) throws IOException {
    try (Stream<Path> paths = Files.walk(root, 4)) {
      return paths
          .filter(p -> p.endsWith(name))
          .findFirst()
          .orElseThrow(() ->
              new IllegalStateException(
                  "no %s below %s: this qemu source package does not carry TestFloat; delete"
                          .formatted(name, root)
                      + " the directory and use a mirror that has suite "
                      + SUITE));
    }
  }

  private static Path onlyFile(Path directory, String suffix) throws IOException {
    try (Stream<Path> files = Files.list(directory)) {
      return files
          .filter(p -> p.toString().endsWith(suffix))
          .findFirst()
          .orElseThrow(
              () -> new IllegalStateException("apt-get source left no *" + suffix + " file"));
    }
  }

  private static void delete(Path tree) throws IOException {
    List<Path> all = new ArrayList<>();
    try (Stream<Path> paths = Files.walk(tree)) {
      paths.forEach(all::add);
    }
    for (Path path : all.reversed()) {
      Files.delete(path);
    }
  }

  private static void need(String... programs) {
    List<String> missing = new ArrayList<>();
    for (String program : programs) {
      boolean found =
          Stream.of(System.getenv().getOrDefault("PATH", "").split(":"))
              .anyMatch(directory -> Files.isExecutable(Path.of(directory, program)));
      if (!found) {
        missing.add(program);
      }
    }
    if (!missing.isEmpty()) {
      throw new IllegalStateException(
          "TestFloat has to be built from Debian's qemu source; not found on PATH: "
              + String.join(", ", missing)
              + ". Install gcc, make, binutils, apt, tar and xz-utils");
    }
  }

  private static String run(Path directory, String... command) throws IOException {
    return run(directory, Map.of(), command);
  }

  private static String run(Path directory, Map<String, String> environment, String... command)
      throws IOException {
    var builder =
        new ProcessBuilder(command).directory(directory.toFile()).redirectErrorStream(true);
    builder.environment().putAll(environment);
    Process process = builder.start();
    String output;
    try (InputStream in = process.getInputStream()) {
      output = new String(in.readAllBytes(), StandardCharsets.UTF_8);
    }
    try {
      if (!process.waitFor(10, TimeUnit.MINUTES) || process.exitValue() != 0) {
        throw new IllegalStateException(
            "making TestFloat: %s failed:%n%s".formatted(String.join(" ", command), output));
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("interrupted while making TestFloat", e);
    }
    return output;
  }
}
