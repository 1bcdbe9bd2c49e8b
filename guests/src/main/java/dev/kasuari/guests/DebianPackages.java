package dev.kasuari.guests;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Debian packages of any release and architecture, by name, fetched once and kept in a cache.
 *
 * <p>They come from the first of these that is there:
 *
 * <ol>
 *   <li>{@code KASUARI_DEBIAN_PACKAGES}: a directory with .deb files of the user's;
 *   <li>{@code KASUARI_DEBIAN_MIRROR}: the address of a mirror;
 *   <li>the host's apt, if it is set up with a Debian archive, through a private configuration.
 * </ol>
 *
 * <p>The cache is {@code KASUARI_CACHE}, else {@code ~/.cache/kasuari/guests}. Every file is
 * checked against the index's SHA-256 when it arrives and each time it is used again; a damaged one
 * is fetched anew. Two processes may fetch at the same time. Not for use by several threads.
 */
public final class DebianPackages {
  private static final Duration INDEX_LASTS = Duration.ofDays(1);
  private static final Path KEYRING = Path.of("/usr/share/keyrings/debian-archive-keyring.gpg");

  private final Map<String, String> environment;
  private final Path etcApt;
  private final Path keyring;
  private final GuestCache cache;

  DebianPackages(Map<String, String> environment, Path etcApt, Path keyring) throws IOException {
    this.environment = Map.copyOf(environment);
    this.etcApt = etcApt;
    this.keyring = keyring;
    this.cache = new GuestCache(GuestCache.location(environment));
  }

  /** Set up by this process's environment variables. */
  public static DebianPackages fromEnvironment() throws IOException {
    return of(System.getenv());
  }

  /** Set up by these variables instead of the process's own. */
  public static DebianPackages of(Map<String, String> environment) throws IOException {
    return new DebianPackages(environment, Path.of("/etc/apt"), KEYRING);
  }

  GuestCache cache() {
    return cache;
  }

  /**
   * What the index says of a package. The index is brought up to date if there is none, if it is
   * older than a day, or if the package is not in it; where that fails an old index does, else that
   * of the same release by its other name.
   *
   * @throws GuestException if there is no such package, or nowhere to get it from
   */
  public PackageRecord find(DebianPackage wanted, Progress progress) throws IOException {
    try (GuestCache.Lock lock = cache.lock(progress)) {
      return resolve(ready(wanted, lock, progress), wanted, lock, progress);
    }
  }

  /** The verified .deb of a package. */
  public Path deb(DebianPackage wanted, Progress progress) throws IOException {
    try (GuestCache.Lock lock = cache.lock(progress)) {
      Ready ready = ready(wanted, lock, progress);
      PackageRecord record = resolve(ready, wanted, lock, progress);
      String place = "debs/" + record.debName();
      Path there = cache.verified(place, record.sha256());
      if (there != null) {
        return there;
      }
      progress.update(record.name(), 0, record.size());
      Path fresh = ready.source().download(record, lock.scratch(), progress);
      MirrorSource.requireSum(fresh, record.sha256(), record.debName());
      progress.update(record.name(), record.size(), record.size());
      return lock.place(fresh, place);
    }
  }

  private PackageSource source(DebianPackage wanted) throws IOException {
    String place = wanted.suite() + "-" + wanted.architecture();
    String directory = environment.getOrDefault("KASUARI_DEBIAN_PACKAGES", "");
    if (!directory.isEmpty()) {
      return new FileSource(Path.of(directory), wanted.architecture());
    }
    String mirror = environment.getOrDefault("KASUARI_DEBIAN_MIRROR", "").replaceFirst("/+$", "");
    if (!mirror.isEmpty()) {
      Path home =
          cache.root().resolve("mirror/" + Checksum.of(mirror).substring(0, 16) + "-" + place);
      Path gpgv = Command.find("gpgv", environment);
      return new MirrorSource(home, mirror, wanted.suite(), wanted.architecture(), gpgv, keyring);
    }
    List<String> archives = AptSources.archives(etcApt);
    boolean apt = Command.find("apt-get", environment) != null;
    if (apt && !archives.isEmpty() && Files.isReadable(keyring)) {
      Path home = cache.root().resolve("apt/" + place);
      return new AptSource(home, archives, keyring, wanted.suite(), wanted.architecture());
    }
    throw new GuestException(
        "cannot fetch " + wanted + ": " + reason(apt, archives) + ".\n" + WAYS);
  }

  private static final String WAYS =
      """
      Set one of these:
        KASUARI_DEBIAN_MIRROR=ADDRESS      a Debian mirror, http, https or file
        KASUARI_DEBIAN_PACKAGES=DIRECTORY  .deb files that you fetched yourself\
      """;

  private String reason(boolean apt, List<String> archives) {
    if (!apt) {
      return "there is no apt on this host";
    }
    return archives.isEmpty()
        ? "the apt of this host knows no Debian archive (" + etcApt + ")"
        : "there is no " + keyring + " (install the package debian-archive-keyring)";
  }

  /** A source with an index, and whether that has been brought up to date just now. */
  private record Ready(PackageSource source, boolean tried) {}

  private Ready ready(DebianPackage wanted, GuestCache.Lock lock, Progress progress)
      throws IOException {
    PackageSource source = source(wanted);
    Instant before = source.refreshed();
    if (isRecent(before)) {
      return new Ready(source, false);
    }
    try {
      source.refresh(lock.scratch(), progress);
      return new Ready(source, true);
    } catch (IOException e) {
      if (before != null) {
        progress.note("using the package index of " + before + ", because " + e.getMessage());
        return new Ready(source, true);
      }
      PackageSource other = byOtherName(source, wanted, lock, progress);
      if (other == null) {
        throw e;
      }
      progress.note("using Debian " + source.otherName() + ", because " + e.getMessage());
      return new Ready(other, true);
    }
  }

  private static boolean isRecent(@Nullable Instant refreshed) {
    return refreshed != null && !refreshed.isBefore(Instant.now().minus(INDEX_LASTS));
  }

  /**
   * The same release by its other name. While a mirror, or a cache before it, is brought up to
   * date, what it has by one name may be of two versions of the release, and by the other of one.
   */
  private @Nullable PackageSource byOtherName(
      PackageSource source, DebianPackage wanted, GuestCache.Lock lock, Progress progress)
      throws IOException {
    String name = source.otherName();
    if (name == null) {
      return null;
    }
    PackageSource other = source(wanted.inSuite(name));
    if (!isRecent(other.refreshed())) {
      try {
        other.refresh(lock.scratch(), progress);
      } catch (GuestException e) {
        return null; // the failure of the name that was asked for is the one to report
      }
    }
    return wanted.suite().equals(other.otherName()) ? other : null;
  }

  private static PackageRecord resolve(
      Ready ready, DebianPackage wanted, GuestCache.Lock lock, Progress progress)
      throws IOException {
    PackageSource source = ready.source();
    PackageRecord record = lookUp(source, wanted);
    if (record == null && !ready.tried()) {
      source.refresh(lock.scratch(), progress);
      record = lookUp(source, wanted);
    }
    if (record == null) {
      throw new GuestException(notFound(source, wanted));
    }
    return record;
  }

  private static @Nullable PackageRecord lookUp(PackageSource source, DebianPackage wanted)
      throws IOException {
    if (!wanted.isPattern()) {
      return source.find(wanted.name());
    }
    PackageRecord meta = source.find(wanted.metaName());
    if (meta != null) {
      for (String dependency : meta.depends()) {
        PackageRecord record = wanted.matches(dependency) ? source.find(dependency) : null;
        if (record != null) {
          return record;
        }
      }
    }
    return source.matching(wanted).stream()
        .max(Comparator.comparing(PackageRecord::version, DebianVersion::compare))
        .orElse(null);
  }

  private static String notFound(PackageSource source, DebianPackage wanted) throws IOException {
    String message = source.describe() + " has no package " + wanted;
    String near = Nearest.to(wanted.name(), source.names());
    return near == null ? message : message + ". Did you mean " + near + "?";
  }
}
