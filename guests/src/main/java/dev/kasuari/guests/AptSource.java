package dev.kasuari.guests;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * The host's apt with a private configuration: its own state, cache and sources, no root, nothing
 * of the host's changed. apt checks the archive's signature.
 */
final class AptSource implements PackageSource {
  private static final Set<PosixFilePermission> OWNER_ONLY =
      Set.of(PosixFilePermission.OWNER_READ, PosixFilePermission.OWNER_WRITE);

  private final Path home;
  private final List<String> archives;
  private final Path keyring;
  private final String suite;
  private final String architecture;

  AptSource(Path home, List<String> archives, Path keyring, String suite, String architecture)
      throws IOException {
    this.home = home;
    this.archives = List.copyOf(archives);
    this.keyring = keyring;
    this.suite = suite;
    this.architecture = architecture;
    Files.createDirectories(home.resolve("state/lists/partial"));
    Files.createDirectories(home.resolve("cache/archives/partial"));
    Files.writeString(home.resolve("status"), "");
    Files.writeString(home.resolve("sources.list"), sourcesList());
    writeConfiguration();
  }

  String sourcesList() {
    StringBuilder text = new StringBuilder();
    for (String uri : archives) {
      text.append("deb [arch=").append(architecture).append(" signed-by=").append(keyring);
      text.append("] ").append(uri).append(' ').append(suite).append(" main\n");
    }
    return text.toString();
  }

  /**
   * The whole configuration. The host's own files are left out, because their hooks would act on
   * the host; only how to reach the net (Acquire: proxies and the like) is taken from them.
   */
  private void writeConfiguration() throws IOException {
    StringBuilder text = new StringBuilder();
    for (String line :
        Command.output(List.of("apt-config", "dump"), Map.of(), home).lines().toList()) {
      if (line.startsWith("Acquire::")) {
        text.append(line).append('\n');
      }
    }
    set(text, "Dir::Etc::main", "/dev/null");
    set(text, "Dir::Etc::parts", "/dev/null");
    set(text, "Dir::Etc::preferences", "/dev/null");
    set(text, "Dir::Etc::preferencesparts", "/dev/null");
    set(text, "Dir::Etc::sourceparts", "/dev/null");
    set(text, "Dir::Etc::sourcelist", home.resolve("sources.list").toString());
    set(text, "Dir::State", home.resolve("state").toString());
    set(text, "Dir::State::status", home.resolve("status").toString());
    set(text, "Dir::Cache", home.resolve("cache").toString());
    set(text, "APT::Architecture", architecture);
    set(text, "APT::Architectures", architecture);
    set(text, "APT::Sandbox::User", "root"); // the cache may be closed to user _apt
    set(text, "APT::Update::Error-Mode", "any");
    set(text, "Acquire::Languages", "none");
    set(text, "Acquire::Retries", "3");
    Path file = home.resolve("apt.conf");
    Files.deleteIfExists(file);
    // A proxy's address may hold a password.
    Files.createFile(file, PosixFilePermissions.asFileAttribute(OWNER_ONLY));
    Files.writeString(file, text);
  }

  private static void set(StringBuilder text, String name, String value) {
    text.append(name).append(" \"").append(value).append("\";\n");
  }

  private Map<String, String> environment() {
    return Map.of("APT_CONFIG", home.resolve("apt.conf").toString());
  }

  @Override
  public @Nullable Instant refreshed() throws IOException {
    Path stamp = home.resolve("refreshed");
    // The index of another mirror is no index of this one.
    return Files.exists(stamp) && Files.readString(stamp).equals(sourcesList())
        ? Files.getLastModifiedTime(stamp).toInstant()
        : null;
  }

  @Override
  public void refresh(Path scratch, Progress progress) throws IOException {
    String name = "index of Debian " + suite + " for " + architecture;
    progress.update(name, 0, -1);
    Command.run(List.of("apt-get", "-q", "update"), environment(), scratch, line -> {});
    Path stamp = home.resolve("refreshed");
    Files.writeString(stamp, sourcesList());
    Files.setLastModifiedTime(stamp, FileTime.from(Instant.now()));
    progress.update(name, 1, 1);
  }

  @Override
  public @Nullable String otherName() throws IOException {
    // apt keeps in partial what it has verified until all of a release is there.
    for (Path lists : List.of(home.resolve("state/lists"), home.resolve("state/lists/partial"))) {
      try (Stream<Path> files = Files.list(lists)) {
        Path file = files.filter(f -> f.toString().endsWith("_InRelease")).findFirst().orElse(null);
        if (file != null) {
          String text = ClearSigned.text(Files.readString(file), file.toString());
          return Release.of(text, file).otherName(suite);
        }
      }
    }
    return null;
  }

  @Override
  public @Nullable PackageRecord find(String name) throws IOException {
    List<PackageRecord> records = show(List.of(name));
    return records.isEmpty() ? null : records.getFirst();
  }

  @Override
  public List<PackageRecord> matching(DebianPackage wanted) throws IOException {
    List<String> names = names().stream().filter(wanted::matches).toList();
    return names.isEmpty() ? List.of() : show(names);
  }

  private List<PackageRecord> show(List<String> names) throws IOException {
    List<String> command = new ArrayList<>(List.of("apt-cache", "--no-all-versions", "show"));
    command.addAll(names);
    String text;
    try {
      text = Command.output(command, environment(), home);
    } catch (GuestException e) {
      if (String.valueOf(e.getMessage()).contains("No packages found")) {
        return List.of();
      }
      throw e;
    }
    List<PackageRecord> records = new ArrayList<>();
    for (Stanza stanza : StanzaReader.all(text)) {
      if (stanza.fields().containsKey("Filename")) {
        records.add(PackageRecord.of(stanza));
      }
    }
    return records;
  }

  @Override
  public List<String> names() throws IOException {
    return Command.output(List.of("apt-cache", "pkgnames"), environment(), home).lines().toList();
  }

  @Override
  public Path download(PackageRecord record, Path scratch, Progress progress) throws IOException {
    String exact = record.name() + "=" + record.version();
    Command.run(
        List.of("apt-get", "-q", "-o", "APT::Status-Fd=1", "download", exact),
        environment(),
        scratch,
        line -> report(line, record, progress));
    try (Stream<Path> files = Files.list(scratch)) {
      return files
          .filter(f -> f.toString().endsWith(".deb"))
          .findFirst()
          .orElseThrow(() -> new GuestException("apt-get download " + exact + " left no file"));
    }
  }

  /** Lines of the form {@code dlstatus:1:42.5:text}, the third word in per cent. */
  private static void report(String line, PackageRecord record, Progress progress) {
    String[] words = line.split(":", 4);
    if (words.length == 4 && words[0].equals("dlstatus")) {
      try {
        double part = Math.clamp(Double.parseDouble(words[2]) / 100, 0, 1);
        progress.update(record.name(), Math.round(part * record.size()), record.size());
      } catch (NumberFormatException e) {
        // A line of another form: nothing to report.
      }
    }
  }

  @Override
  public String describe() {
    return "apt (" + String.join(", ", archives) + ")";
  }
}
