package dev.kasuari.guests;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Where packages of one suite and architecture come from. Called with the cache locked. */
sealed interface PackageSource permits AptSource, MirrorSource, FileSource {
  /** When the index was last brought up to date, or null if there is none yet. */
  @Nullable Instant refreshed() throws IOException;

  /** Brings the index up to date; an old one stays in place if that fails. */
  void refresh(Path scratch, Progress progress) throws IOException;

  /**
   * The release's other name as the last refresh saw it, also one that failed after that: {@code
   * stable} where {@code trixie} was asked for. Null if it is not known.
   */
  @Nullable String otherName() throws IOException;

  /** The newest package of exactly this name, or null. */
  @Nullable PackageRecord find(String name) throws IOException;

  /** Every package of exactly one of the names that {@code wanted} matches. */
  List<PackageRecord> matching(DebianPackage wanted) throws IOException;

  /** Names to suggest from when one is not found. */
  List<String> names() throws IOException;

  /** Fetches a package into the empty scratch directory; the caller verifies it. */
  Path download(PackageRecord record, Path scratch, Progress progress) throws IOException;

  /** What this is, for messages: a mirror's URI, apt, a directory. */
  String describe();
}
