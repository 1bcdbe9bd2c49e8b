package dev.kasuari.guests;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** A directory with {@code NAME_VERSION_ARCHITECTURE.deb} files that the user put there. */
final class FileSource implements PackageSource {
  private final Path directory;
  private final String architecture;

  FileSource(Path directory, String architecture) {
    this.directory = directory;
    this.architecture = architecture;
  }

  @Override
  public Instant refreshed() {
    return Instant.MAX;
  }

  @Override
  public void refresh(Path scratch, Progress progress) {}

  @Override
  public @Nullable String otherName() {
    return null;
  }

  @Override
  public @Nullable PackageRecord find(String name) throws IOException {
    return records().stream()
        .filter(r -> r.name().equals(name))
        .max((a, b) -> DebianVersion.compare(a.version(), b.version()))
        .orElse(null);
  }

  @Override
  public List<PackageRecord> matching(DebianPackage wanted) throws IOException {
    return records().stream().filter(r -> wanted.matches(r.name())).toList();
  }

  @Override
  public List<String> names() throws IOException {
    return records().stream().map(PackageRecord::name).distinct().toList();
  }

  private List<PackageRecord> records() throws IOException {
    if (!Files.isDirectory(directory)) {
      throw new GuestException(
          "KASUARI_DEBIAN_PACKAGES="
              + directory
              + ": no such directory; it should hold .deb files");
    }
    List<PackageRecord> records = new ArrayList<>();
    try (Stream<Path> files = Files.list(directory)) {
      for (Path file : files.sorted().toList()) {
        String[] words = file.getFileName().toString().replaceFirst("\\.deb$", "").split("_", -1);
        boolean deb = file.toString().endsWith(".deb") && words.length == 3;
        if (deb && (words[2].equals(architecture) || words[2].equals("all"))) {
          records.add(record(file, words));
        }
      }
    }
    return records;
  }

  private static PackageRecord record(Path file, String[] words) throws IOException {
    // There is no index to check a user's own file against; the sum only names its contents.
    return new PackageRecord(
        words[0],
        words[1].replace("%3a", ":"),
        words[2],
        file.toAbsolutePath().toString(),
        Files.size(file),
        Checksum.of(file),
        List.of());
  }

  @Override
  public Path download(PackageRecord record, Path scratch, Progress progress) throws IOException {
    Path copy = Files.copy(Path.of(record.filename()), scratch.resolve(record.debName()));
    progress.update(record.name(), record.size(), record.size());
    return copy;
  }

  @Override
  public String describe() {
    return directory.toString();
  }
}
