package dev.kasuari.guests;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;

/**
 * The Debian archives a host's apt is set up with, out of {@code sources.list}, {@code *.list} and
 * {@code *.sources}. Source: sources.list(5).
 */
final class AptSources {
  private static final Set<String> SUITES =
      Set.of(
          "stretch",
          "buster",
          "bullseye",
          "bookworm",
          "trixie",
          "forky",
          "duke",
          "sid",
          "oldoldstable",
          "oldstable",
          "stable",
          "testing",
          "unstable");

  private AptSources() {}

  /** URIs of Debian's main archive in the order apt reads them; empty where there are none. */
  static List<String> archives(Path etcApt) throws IOException {
    Set<String> uris = new LinkedHashSet<>();
    Path single = etcApt.resolve("sources.list");
    if (Files.isReadable(single)) {
      uris.addAll(oneLine(Files.readString(single)));
    }
    Path parts = etcApt.resolve("sources.list.d");
    if (Files.isDirectory(parts)) {
      for (Path file : sorted(parts)) {
        String name = file.getFileName().toString();
        if (name.endsWith(".list")) {
          uris.addAll(oneLine(Files.readString(file)));
        } else if (name.endsWith(".sources")) {
          uris.addAll(deb822(Files.readString(file)));
        }
      }
    }
    return List.copyOf(uris);
  }

  private static List<Path> sorted(Path directory) throws IOException {
    try (Stream<Path> files = Files.list(directory)) {
      return files.filter(Files::isReadable).sorted().toList();
    }
  }

  /** Lines of the form {@code deb [options] uri suite component…}. */
  static List<String> oneLine(String text) {
    List<String> uris = new ArrayList<>();
    for (String line : text.lines().toList()) {
      String plain = line.replaceFirst("#.*", "").strip();
      if (!plain.startsWith("deb ") && !plain.startsWith("deb\t")) {
        continue;
      }
      String[] words = plain.substring(4).replaceFirst("\\[[^]]*]", "").strip().split("\\s+");
      if (words.length >= 3
          && hasDebian(List.of(words[1]))
          && hasMain(List.of(words).subList(2, words.length))) {
        uris.add(withoutSlash(words[0]));
      }
    }
    return uris;
  }

  /** Paragraphs with Types, URIs, Suites and Components. */
  static List<String> deb822(String text) throws IOException {
    List<String> uris = new ArrayList<>();
    for (Stanza stanza : StanzaReader.all(text)) {
      boolean enabled = !stanza.get("Enabled", "yes").equalsIgnoreCase("no");
      if (enabled
          && words(stanza, "Types").contains("deb")
          && hasDebian(words(stanza, "Suites"))
          && hasMain(words(stanza, "Components"))) {
        words(stanza, "URIs").forEach(uri -> uris.add(withoutSlash(uri)));
      }
    }
    return uris;
  }

  private static List<String> words(Stanza stanza, String field) {
    return Stream.of(stanza.get(field, "").split("\\s+")).filter(w -> !w.isEmpty()).toList();
  }

  /** A plain release, not its security or backports archive, which may live elsewhere. */
  private static boolean hasDebian(List<String> suites) {
    return suites.stream().anyMatch(SUITES::contains);
  }

  private static boolean hasMain(List<String> components) {
    return components.contains("main");
  }

  private static String withoutSlash(String uri) {
    return uri.endsWith("/") ? uri.substring(0, uri.length() - 1) : uri;
  }
}
