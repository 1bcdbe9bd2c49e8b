package dev.kasuari.vm;

import java.io.File;
import java.io.IOException;
import java.lang.module.ModuleReference;
import java.lang.module.ResolvedModule;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** Which build of Kasuari this is: of what one build kept, another one believes nothing. */
final class BuildIdentity {
  private static final String OURS = "dev.kasuari.";

  private BuildIdentity() {}

  /** Whether this is Kasuari as it is installed, and not part of another program. */
  static boolean isInstalled() {
    return BuildIdentity.class.getModule().isNamed();
  }

  /** Sizes and times of the files that classes come from; null if they are not known. */
  static @Nullable String known() {
    ModuleLayer layer = BuildIdentity.class.getModule().getLayer();
    var parts = new TreeSet<String>();
    try {
      if (layer == null) {
        for (String each : System.getProperty("java.class.path").split(File.pathSeparator, -1)) {
          parts.add(files(Path.of(each)));
        }
      } else {
        for (ResolvedModule module : layer.configuration().modules()) {
          if (module.name().startsWith(OURS)) {
            parts.add(part(module.reference()));
          }
        }
      }
    } catch (IOException e) {
      return null;
    }
    return String.join(" ", parts);
  }

  private static String part(ModuleReference module) throws IOException {
    URI location = module.location().orElseThrow(IOException::new);
    return switch (location.getScheme()) {
      case "jrt" -> file(Path.of(System.getProperty("java.home"), "lib", "modules"));
      case "file" -> files(Path.of(location));
      default -> throw new IOException(location.toString());
    };
  }

  private static String file(Path file) throws IOException {
    return "%x@%x".formatted(Files.size(file), Files.getLastModifiedTime(file).toMillis());
  }

  /** Of a JAR, or of all classes of a folder. */
  private static String files(Path path) throws IOException {
    if (Files.notExists(path)) {
      return "";
    }
    if (!Files.isDirectory(path)) {
      return file(path);
    }
    long sum = 0;
    try (Stream<Path> all = Files.walk(path)) {
      for (Path each : (Iterable<Path>) all::iterator) {
        sum = sum * 31 + Files.size(each);
        sum = sum * 31 + Files.getLastModifiedTime(each).toMillis();
      }
    }
    return "%x".formatted(sum);
  }
}
