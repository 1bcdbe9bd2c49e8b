package dev.kasuari.guests;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Debian's real archive, with apt and without. */
@Tag("guest")
final class DebianArchiveTest {
  private static final DebianPackage BUSYBOX =
      new DebianPackage("busybox-static", "trixie", "riscv64");

  @TempDir Path directory;

  private DebianPackages packages(String cache, Map<String, String> more) throws IOException {
    Map<String, String> environment = new HashMap<>(more);
    environment.put("KASUARI_CACHE", directory.resolve(cache).toString());
    environment.put("PATH", System.getenv("PATH"));
    return DebianPackages.of(environment);
  }

  @Test
  void aptAndAMirrorReadWithoutItGiveTheSamePackage() throws IOException {
    List<String> archives = AptSources.archives(Path.of("/etc/apt"));
    assumeTrue(
        !archives.isEmpty() && archives.getFirst().startsWith("http"),
        "needs an apt that is set up with a Debian archive");
    List<String> notes = new ArrayList<>();
    Progress progress =
        new Progress() {
          @Override
          public void update(String name, long bytes, long total) {}

          @Override
          public void note(String line) {
            notes.add(line);
          }
        };
    DebianPackages apt = packages("apt-cache", Map.of());
    DebianPackages mirror =
        packages("mirror-cache", Map.of("KASUARI_DEBIAN_MIRROR", archives.getFirst()));
    assertThat(mirror.find(BUSYBOX, progress)).isEqualTo(apt.find(BUSYBOX, progress));
    assertThat(mirror.deb(BUSYBOX, progress)).hasSameBinaryContentAs(apt.deb(BUSYBOX, progress));
    assertThat(new Deb(mirror.deb(BUSYBOX, progress)).read("usr/bin/busybox")).isNotEmpty();
    assertThat(notes).noneMatch(note -> note.contains("not verified"));
    DebianPackage kernel = new DebianPackage("linux-image-*-riscv64", "trixie", "riscv64");
    assertThat(apt.find(kernel, progress)).isEqualTo(mirror.find(kernel, progress));
    assertThatThrownBy(() -> apt.find(BUSYBOX.named("busybox-statik"), progress))
        .hasMessageContaining("Did you mean busybox-static?");
  }
}
