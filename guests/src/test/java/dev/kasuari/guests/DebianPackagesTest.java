package dev.kasuari.guests;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Packages of a small mirror on disk, without apt. */
@Tag("fast")
final class DebianPackagesTest {
  @TempDir Path directory;
  private Mirror mirror;
  private final List<String> notes = new ArrayList<>();
  private final List<String> updates = new ArrayList<>();

  @BeforeEach
  void makeMirror() throws IOException {
    mirror = new Mirror(directory.resolve("mirror"));
    mirror.add("hello", "1.0-1", "", new DebFile().file("./bin/hello", "hi").xz());
    mirror.publish();
  }

  private final Progress progress =
      new Progress() {
        @Override
        public void update(String name, long bytes, long total) {
          updates.add(name + " " + bytes + "/" + total);
        }

        @Override
        public void note(String line) {
          notes.add(line);
        }
      };

  private Map<String, String> environment() {
    return Map.of(
        "KASUARI_CACHE", directory.resolve("cache").toString(),
        "KASUARI_DEBIAN_MIRROR", mirror.address(),
        "PATH", directory.toString());
  }

  private DebianPackages packages() throws IOException {
    return new DebianPackages(
        environment(), directory.resolve("no-apt"), directory.resolve("no-keyring"));
  }

  private static DebianPackage wanted(String name) {
    return new DebianPackage(name, "trixie", "riscv64");
  }

  private Path index() throws IOException {
    try (Stream<Path> files = Files.walk(directory.resolve("cache"))) {
      return files.filter(f -> f.endsWith("Packages.xz")).findFirst().orElseThrow();
    }
  }

  @Test
  void fetchesVerifiesAndReportsProgress() throws IOException {
    Path deb = packages().deb(wanted("hello"), progress);
    assertThat(new String(new Deb(deb).read("bin/hello"), StandardCharsets.UTF_8)).isEqualTo("hi");
    long size = Files.size(deb);
    assertThat(updates).contains("hello 0/" + size).last().isEqualTo("hello " + size + "/" + size);
    assertThat(deb).isEqualTo(deb.toRealPath()).startsWith(directory.resolve("cache").toRealPath());
    assertThat(directory.resolve("cache/tmp")).doesNotExist();
  }

  @Test
  void usesTheCacheWithoutTheMirror() throws IOException {
    Path deb = packages().deb(wanted("hello"), progress);
    mirror.remove();
    assertThat(packages().deb(wanted("hello"), progress)).isEqualTo(deb);
  }

  @Test
  void damagedCacheFileIsFetchedAnew() throws IOException {
    Path deb = packages().deb(wanted("hello"), progress);
    byte[] good = Files.readAllBytes(deb);
    byte[] bad = good.clone();
    bad[good.length / 2] ^= 1;
    Files.write(deb, bad);
    assertThat(packages().deb(wanted("hello"), progress)).hasBinaryContent(good);
  }

  @Test
  void damagedMirrorFileIsRefusedAndNotKept() throws IOException {
    mirror.damage("hello");
    assertThatThrownBy(() -> packages().deb(wanted("hello"), progress))
        .isInstanceOf(GuestException.class)
        .hasMessageContaining("SHA-256");
    assertThat(directory.resolve("cache/debs")).doesNotExist();
  }

  @Test
  void truncatedAndOverlongFilesAreRefused() throws IOException {
    mirror.resize("hello", -1);
    assertThatThrownBy(() -> packages().deb(wanted("hello"), progress))
        .hasMessageContaining("ended after");
    mirror.resize("hello", 2);
    assertThatThrownBy(() -> packages().deb(wanted("hello"), progress))
        .hasMessageContaining("longer than");
  }

  @Test
  void damagedIndexIsRefused() throws IOException {
    mirror.damageIndex();
    assertThatThrownBy(() -> packages().find(wanted("hello"), progress))
        .hasMessageContaining("Packages.xz: damaged");
  }

  @Test
  void anIndexThatIsUpdatedMeanwhileIsFoundByItsChecksum() throws IOException {
    mirror.publish("trixie", "Acquire-By-Hash: yes\n");
    mirror.addIndexByHash();
    mirror.damageIndex();
    assertThat(packages().find(wanted("hello"), progress).version()).isEqualTo("1.0-1");
  }

  @Test
  void aMirrorWithoutFilesByChecksumServesByName() throws IOException {
    mirror.publish("trixie", "Acquire-By-Hash: yes\n");
    assertThat(packages().find(wanted("hello"), progress).version()).isEqualTo("1.0-1");
  }

  @Test
  void aHalfUpdatedReleaseIsReadByItsOtherName() throws IOException {
    mirror.publish("stable", "Codename: trixie\nSuite: stable\n");
    mirror.publish("trixie", "Codename: trixie\nSuite: stable\n");
    mirror.damageIndex();
    Path deb = packages().deb(wanted("hello"), progress);
    assertThat(new Deb(deb).paths()).containsExactly("bin/hello");
    assertThat(notes)
        .filteredOn(note -> note.startsWith("using Debian stable, because "))
        .singleElement()
        .asString()
        .contains("Packages.xz: damaged");
  }

  @Test
  void anotherReleaseIsNoneOfItsNames() throws IOException {
    mirror.publish("stable", "Codename: forky\nSuite: stable\n");
    mirror.publish("trixie", "Codename: trixie\nSuite: stable\n");
    mirror.damageIndex();
    assertThatThrownBy(() -> packages().find(wanted("hello"), progress))
        .hasMessageContaining("dists/trixie/main/binary-riscv64/Packages.xz: damaged");
  }

  @Test
  void missingSignatureCheckIsSaidInOneLine() throws IOException {
    packages().find(wanted("hello"), progress);
    assertThat(notes)
        .singleElement()
        .asString()
        .startsWith("signature of ")
        .contains("not verified")
        .doesNotContain("\n");
  }

  @Test
  void aSignatureThatIsNotTheArchivesIsRefused() throws IOException {
    Path keyring = Path.of("/usr/share/keyrings/debian-archive-keyring.gpg");
    assumeTrue(Files.exists(keyring), "needs the package debian-archive-keyring");
    assumeTrue(Command.find("gpgv", System.getenv()) != null, "needs the package gpgv");
    DebianPackages strict = new DebianPackages(environment(), directory, keyring);
    assertThatThrownBy(() -> strict.find(wanted("hello"), progress))
        .isInstanceOf(GuestException.class)
        .hasMessageContaining("InRelease: bad signature");
  }

  @Test
  void aNewPackageIsFoundThoughTheIndexIsFresh() throws IOException {
    packages().find(wanted("hello"), progress);
    mirror.add("late", "1", "", new DebFile().xz());
    mirror.publish();
    assertThat(packages().find(wanted("late"), progress).version()).isEqualTo("1");
  }

  @Test
  void anOldIndexIsRefreshedAndStillServesWhenThatFails() throws IOException {
    packages().find(wanted("hello"), progress);
    mirror.add("hello", "2.0-1", "", new DebFile().xz());
    mirror.publish();
    assertThat(packages().find(wanted("hello"), progress).version()).isEqualTo("1.0-1");
    age(index());
    assertThat(packages().find(wanted("hello"), progress).version()).isEqualTo("2.0-1");
    age(index());
    mirror.remove();
    notes.clear();
    assertThat(packages().find(wanted("hello"), progress).version()).isEqualTo("2.0-1");
    assertThat(notes).singleElement().asString().startsWith("using the package index of ");
  }

  private static void age(Path file) throws IOException {
    Instant old = Instant.now().minus(Duration.ofHours(25));
    Files.setLastModifiedTime(file, FileTime.from(old));
  }

  @Test
  void patternsFollowTheMetaPackageElseTakeTheNewest() throws IOException {
    mirror.add("linux-image-6.9-riscv64", "6.9-1", "", new DebFile().xz());
    mirror.add("linux-image-6.12-riscv64", "6.12-1", "", new DebFile().xz());
    mirror.publish();
    DebianPackage pattern = wanted("linux-image-*-riscv64");
    assertThat(packages().find(pattern, progress).name()).isEqualTo("linux-image-6.12-riscv64");
    mirror.add(
        "linux-image-riscv64", "6.9-1", "linux-image-6.9-riscv64 (= 6.9-1)", new DebFile().xz());
    mirror.publish();
    age(index());
    assertThat(packages().find(pattern, progress).name()).isEqualTo("linux-image-6.9-riscv64");
  }

  @Test
  void anUnknownPackageGetsTheNearestName() {
    assertThatThrownBy(() -> packages().find(wanted("helo"), progress))
        .isInstanceOf(GuestException.class)
        .hasMessageContaining("has no package helo:riscv64 of Debian trixie")
        .hasMessageContaining("Did you mean hello?");
  }

  @Test
  void anUnknownArchitectureIsNamed() {
    DebianPackage sparc = new DebianPackage("hello", "trixie", "sparc");
    assertThatThrownBy(() -> packages().find(sparc, progress))
        .hasMessageContaining("lists no main/binary-sparc/Packages.xz");
  }

  @Test
  void severalFetchesAtOnceGiveOneFile() throws Exception {
    try (var threads = Executors.newFixedThreadPool(4)) {
      Callable<Path> fetch = () -> packages().deb(wanted("hello"), Progress.none());
      List<Future<Path>> all = threads.invokeAll(List.of(fetch, fetch, fetch, fetch));
      for (Future<Path> one : all) {
        assertThat(one.get()).isEqualTo(all.getFirst().get()).exists();
      }
    }
  }

  @Test
  void filesOfTheUserAreTaken() throws IOException {
    Path own = Files.createDirectory(directory.resolve("own"));
    Files.write(own.resolve("hello_1%3a3.0_riscv64.deb"), new DebFile().file("a", "mine").xz());
    Files.write(own.resolve("hello_1.0_arm64.deb"), new byte[3]);
    DebianPackages packages =
        DebianPackages.of(
            Map.of(
                "KASUARI_CACHE", directory.resolve("cache").toString(),
                "KASUARI_DEBIAN_PACKAGES", own.toString()));
    assertThat(packages.find(wanted("hello"), progress).version()).isEqualTo("1:3.0");
    assertThat(new Deb(packages.deb(wanted("h*o"), progress)).paths()).containsExactly("a");
    assertThatThrownBy(() -> packages.deb(wanted("other"), progress))
        .hasMessageContaining(own + " has no package other");
  }

  @Test
  void withNowhereToFetchFromItSaysWhatToSet() throws IOException {
    Map<String, String> bare = Map.of("KASUARI_CACHE", directory.resolve("cache").toString());
    DebianPackages packages =
        new DebianPackages(bare, directory.resolve("no-apt"), directory.resolve("no-keyring"));
    assertThatThrownBy(() -> packages.find(wanted("hello"), progress))
        .isInstanceOf(GuestException.class)
        .hasMessageContaining("KASUARI_DEBIAN_MIRROR")
        .hasMessageContaining("KASUARI_DEBIAN_PACKAGES");
  }

  @Test
  void aBadMirrorAddressIsNamed() {
    for (String bad : List.of("ftp://x/debian", "not an address", "debian")) {
      Map<String, String> environment =
          Map.of(
              "KASUARI_CACHE", directory.resolve("cache").toString(), "KASUARI_DEBIAN_MIRROR", bad);
      assertThatThrownBy(
              () -> DebianPackages.of(environment).find(wanted("hello"), Progress.none()))
          .isInstanceOf(GuestException.class)
          .hasMessageContaining("KASUARI_DEBIAN_MIRROR=" + bad);
    }
  }

  @Test
  void namesThatCouldMeanSomethingElseAreRefused() {
    for (String bad : List.of("", "-o", "a/../b", "a b", "A")) {
      assertThatThrownBy(() -> wanted(bad)).isInstanceOf(IllegalArgumentException.class);
    }
  }

  @Test
  void aCacheThatCannotBeMadeIsNamed() throws IOException {
    Path file = Files.writeString(directory.resolve("file"), "");
    assertThatThrownBy(() -> DebianPackages.of(Map.of("KASUARI_CACHE", file + "/cache")))
        .hasMessageContaining("KASUARI_CACHE");
  }
}
