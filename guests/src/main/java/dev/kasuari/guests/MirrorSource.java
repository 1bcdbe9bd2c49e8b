package dev.kasuari.guests;

import java.io.IOException;
import java.io.InputStreamReader;
import java.io.Reader;
import java.net.URI;
import java.net.URISyntaxException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.FileTime;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;
import org.tukaani.xz.XZInputStream;

/**
 * A Debian mirror read without apt. The chain is apt's: a signed {@code InRelease} holds the
 * checksum of {@code Packages.xz}, which holds the checksum of every package. The signature is
 * checked where gpgv and the archive's keyring are installed; otherwise a note says that it was
 * not. Source: Debian's repository format.
 */
final class MirrorSource implements PackageSource {
  private final Path home;
  private final String mirror;
  private final String suite;
  private final String architecture;
  private final @Nullable Path gpgv;
  private final Path keyring;

  MirrorSource(
      Path home,
      String mirror,
      String suite,
      String architecture,
      @Nullable Path gpgv,
      Path keyring)
      throws IOException {
    this.home = Files.createDirectories(home);
    this.mirror = mirror;
    this.suite = suite;
    this.architecture = architecture;
    this.gpgv = gpgv;
    this.keyring = keyring;
    address(""); // refuse a bad address before anything is done
  }

  private URI address(String path) throws GuestException {
    try {
      // A version may hold characters that mean something in an address, such as + or ~ or %.
      URI uri = new URI(mirror + "/" + path.replace("%", "%25").replace("+", "%2b"));
      if (uri.getScheme() != null && List.of("http", "https", "file").contains(uri.getScheme())) {
        return uri;
      }
    } catch (URISyntaxException e) {
      // Reported below.
    }
    throw new GuestException(
        "KASUARI_DEBIAN_MIRROR=" + mirror + ": not the http, https or file address of a mirror");
  }

  private Path index() {
    return home.resolve("Packages.xz");
  }

  /** The release's file of the last refresh, signature checked and taken away. */
  private Path release() {
    return home.resolve("Release");
  }

  @Override
  public @Nullable String otherName() throws IOException {
    return Files.exists(release())
        ? Release.of(Files.readString(release()), release()).otherName(suite)
        : null;
  }

  @Override
  public @Nullable Instant refreshed() throws IOException {
    return Files.exists(index()) ? Files.getLastModifiedTime(index()).toInstant() : null;
  }

  @Override
  public void refresh(Path scratch, Progress progress) throws IOException {
    String name = "index of Debian " + suite + " for " + architecture;
    try (Transport transport = new Transport()) {
      Path inRelease = scratch.resolve("InRelease");
      URI from = address("dists/" + suite + "/InRelease");
      transport.fetch(from, inRelease, name, -1, Progress.none());
      Files.writeString(release(), verified(inRelease, scratch, from, progress));
      Release release = Release.of(Files.readString(release()), from);
      String directory = "main/binary-" + architecture + "/";
      Release.Entry entry = release.entry(directory + "Packages.xz");
      if (entry == null) {
        throw new GuestException(
            from + ": lists no " + directory + "Packages.xz; is the architecture right?");
      }
      Path fresh = scratch.resolve("Packages.xz");
      if (!release.hasFilesByHash()
          || !fetchedByHash(transport, directory, entry, fresh, name, progress)) {
        URI packages = address("dists/" + suite + "/" + directory + "Packages.xz");
        transport.fetch(packages, fresh, name, entry.size(), progress);
        requireSum(fresh, entry.sha256(), packages);
      }
      Files.setLastModifiedTime(fresh, FileTime.from(Instant.now()));
      Files.move(fresh, index(), StandardCopyOption.ATOMIC_MOVE);
    }
  }

  /** Not every mirror, nor every cache before one, has these files though the release says so. */
  private boolean fetchedByHash(
      Transport transport,
      String directory,
      Release.Entry entry,
      Path target,
      String name,
      Progress progress)
      throws IOException {
    URI uri = address("dists/" + suite + "/" + directory + "by-hash/SHA256/" + entry.sha256());
    try {
      transport.fetch(uri, target, name, entry.size(), progress);
      return Checksum.of(target).equals(entry.sha256());
    } catch (GuestException e) {
      return false;
    }
  }

  private String verified(Path inRelease, Path scratch, URI from, Progress progress)
      throws IOException {
    if (gpgv == null || !Files.isReadable(keyring)) {
      String missing = gpgv == null ? "gpgv is not installed" : "there is no " + keyring;
      progress.note("signature of " + from + " not verified: " + missing);
      return ClearSigned.text(Files.readString(inRelease), from.toString());
    }
    Path plain = scratch.resolve("Release");
    List<String> command = new ArrayList<>(List.of(gpgv.toString(), "--keyring"));
    command.add(keyring.toString());
    command.addAll(List.of("--output", plain.toString(), inRelease.toString()));
    try {
      Command.run(command, Map.of(), scratch, line -> {});
    } catch (GuestException e) {
      throw new GuestException(from + ": bad signature: " + e.getMessage(), e);
    }
    return Files.readString(plain);
  }

  static void requireSum(Path file, String sha256, Object from) throws IOException {
    String actual = Checksum.of(file);
    if (!actual.equals(sha256)) {
      throw new GuestException(
          from + ": damaged: its SHA-256 is " + actual + " and should be " + sha256);
    }
  }

  private void scan(Predicate<Stanza> goOn) throws IOException {
    try (Reader in =
        new InputStreamReader(
            new XZInputStream(Files.newInputStream(index())), StandardCharsets.UTF_8)) {
      StanzaReader reader = new StanzaReader(in);
      for (Stanza s = reader.next(); s != null && goOn.test(s); s = reader.next()) {
        // The predicate does the work.
      }
    }
  }

  @Override
  public @Nullable PackageRecord find(String name) throws IOException {
    return newest(select(name::equals));
  }

  private static @Nullable PackageRecord newest(List<PackageRecord> records) {
    return records.stream()
        .max((a, b) -> DebianVersion.compare(a.version(), b.version()))
        .orElse(null);
  }

  @Override
  public List<PackageRecord> matching(DebianPackage wanted) throws IOException {
    return select(wanted::matches);
  }

  private List<PackageRecord> select(Predicate<String> names) throws IOException {
    List<Stanza> found = new ArrayList<>();
    scan(stanza -> {
      if (names.test(stanza.get("Package", ""))) {
        found.add(stanza);
      }
      return true;
    });
    List<PackageRecord> records = new ArrayList<>();
    for (Stanza stanza : found) {
      records.add(PackageRecord.of(stanza));
    }
    return records;
  }

  @Override
  public List<String> names() throws IOException {
    List<String> names = new ArrayList<>();
    scan(stanza -> names.add(stanza.get("Package", "")));
    return names;
  }

  @Override
  public Path download(PackageRecord record, Path scratch, Progress progress) throws IOException {
    Path target = scratch.resolve("package.deb");
    try (Transport transport = new Transport()) {
      URI uri = address(record.filename());
      transport.fetch(uri, target, record.name(), record.size(), progress);
    }
    return target;
  }

  @Override
  public String describe() {
    return mirror;
  }
}
