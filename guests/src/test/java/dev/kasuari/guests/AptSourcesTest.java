package dev.kasuari.guests;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

@Tag("fast")
final class AptSourcesTest {
  @TempDir Path etc;

  @Test
  void findsTheArchiveInOldLists() {
    String list =
        """
        # deb http://commented.example/debian bookworm main
        deb-src http://source.example/debian bookworm main
        deb [arch=amd64 signed-by=/k.gpg] http://a.example/debian/ bookworm main contrib # why
        deb\thttp://security.example/debian-security bookworm-security main
        deb http://ubuntu.example/ubuntu noble main
        deb http://third.example/apt stable extras
        deb http://flat.example/ ./
        """;
    assertThat(AptSources.oneLine(list)).containsExactly("http://a.example/debian");
  }

  @Test
  void findsTheArchiveInDeb822() throws IOException {
    String sources =
        """
        Types: deb deb-src
        # a comment between fields
        URIs: http://a.example/debian/
         http://b.example/debian
        Suites: bookworm bookworm-updates
        Components: main
        Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg

        Types: deb
        URIs: http://security.example/debian-security
        Suites: bookworm-security
        Components: main

        Enabled: no
        Types: deb
        URIs: http://off.example/debian
        Suites: trixie
        Components: main
        """;
    assertThat(AptSources.deb822(sources))
        .containsExactly("http://a.example/debian", "http://b.example/debian");
  }

  @Test
  void readsAllFilesOfAHostOnce() throws IOException {
    Files.createDirectories(etc.resolve("sources.list.d"));
    Files.writeString(etc.resolve("sources.list"), "deb http://a/debian sid main\n");
    Files.writeString(
        etc.resolve("sources.list.d/x.list"),
        "deb http://a/debian trixie main\ndeb http://b/debian sid main\n");
    Files.writeString(etc.resolve("sources.list.d/y.sources.off"), "Types: deb\nURIs: http://c/\n");
    assertThat(AptSources.archives(etc)).containsExactly("http://a/debian", "http://b/debian");
    assertThat(AptSources.archives(etc.resolve("none"))).isEmpty();
  }
}
