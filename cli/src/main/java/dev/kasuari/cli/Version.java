package dev.kasuari.cli;

import java.lang.module.ModuleDescriptor;

/** Which Kasuari this is. */
final class Version {
  private Version() {}

  /** A number, as the build knows it. */
  static String number() {
    ModuleDescriptor descriptor = Version.class.getModule().getDescriptor();
    String version = descriptor == null ? null : descriptor.rawVersion().orElse(null);
    return version == null ? "(development)" : version.replace("-SNAPSHOT", " (development)");
  }
}
