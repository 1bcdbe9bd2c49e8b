package dev.kasuari.block.qcow2;

import dev.kasuari.block.BlockException;
import dev.kasuari.qapi.Json;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Which structures of an image nothing is written over, whatever its counts and tables say ({@code
 * overlap-check}). Source: QEMU's manual, "qcow2: overlap-check".
 */
final class OverlapCheck {
  /** What can be looked for, in the order in which it is, with the names that QEMU has for it. */
  enum Structure {
    MAIN_HEADER("qcow2_header"),
    ACTIVE_L1("active L1 table"),
    ACTIVE_L2("active L2 table"),
    REFCOUNT_TABLE("refcount table"),
    REFCOUNT_BLOCK("refcount block"),
    SNAPSHOT_TABLE("snapshot table"),
    INACTIVE_L1("inactive L1 table"),
    INACTIVE_L2("inactive L2 table"),
    BITMAP_DIRECTORY("bitmap directory");

    final String title;

    Structure(String title) {
      this.title = title;
    }

    String option() {
      return name().toLowerCase(Locale.ROOT).replace('_', '-');
    }
  }

  private static final Map<String, Set<Structure>> TEMPLATES =
      Map.of(
          "none",
          EnumSet.noneOf(Structure.class),
          "constant",
          EnumSet.of(
              Structure.MAIN_HEADER,
              Structure.REFCOUNT_TABLE,
              Structure.SNAPSHOT_TABLE,
              Structure.BITMAP_DIRECTORY),
          "cached",
          EnumSet.complementOf(EnumSet.of(Structure.INACTIVE_L2)),
          "all",
          EnumSet.allOf(Structure.class));

  private static final String TEMPLATE = "template";

  /** What is looked for if nothing is said: all that is in memory. */
  static final OverlapCheck STANDARD = new OverlapCheck(templated("cached"));

  private final List<Structure> structures;

  private OverlapCheck(Set<Structure> structures) {
    this.structures = List.copyOf(structures);
  }

  /**
   * Reads the option.
   *
   * @param option a template's name, or {@code template} and {@code on} or {@code off} for each
   *     structure
   * @throws BlockException if it makes no sense
   */
  static OverlapCheck of(@Nullable Json option) {
    if (option == null) { // in nearly all images; a switch over types makes a class when it is run
      return STANDARD;
    }
    return switch (option) {
      case Json.Text text -> new OverlapCheck(templated(text.value()));
      case Json.Members members -> flagged(members.members());
      default -> throw BlockException.invalid("'overlap-check' is a word, or an object of flags");
    };
  }

  private static Set<Structure> templated(String name) {
    Set<Structure> found = TEMPLATES.get(name);
    if (found == null) {
      throw BlockException.invalid(
          "Unsupported value '"
              + name
              + "' for qcow2 option 'overlap-check'. Allowed are any of the following: none,"
              + " constant, cached, all");
    }
    return found;
  }

  private static OverlapCheck flagged(Map<String, Json> flags) {
    Set<Structure> chosen = EnumSet.noneOf(Structure.class);
    Json template = flags.get(TEMPLATE);
    chosen.addAll(templated(template instanceof Json.Text text ? text.value() : "cached"));
    flags.forEach((key, value) -> {
      if (!key.equals(TEMPLATE)) {
        Structure structure =
            Arrays.stream(Structure.values())
                .filter(s -> s.option().equals(key))
                .findFirst()
                .orElseThrow(() -> BlockException.invalid("Parameter '" + key + "' is unexpected"));
        if (on(key, value)) {
          chosen.add(structure);
        } else {
          chosen.remove(structure);
        }
      }
    });
    return new OverlapCheck(chosen);
  }

  private static boolean on(String key, Json value) {
    return switch (value) {
      case Json.Bool bool -> bool.value();
      case Json.Text text when text.value().equals("on") -> true;
      case Json.Text text when text.value().equals("off") -> false;
      default -> throw BlockException.invalid("Parameter '" + key + "' expects 'on' or 'off'");
    };
  }

  /**
   * Refuses to write guest data or a new cluster over a structure. Under the image's lock, which
   * then marks the image.
   *
   * @param host where in the image file
   * @param length bytes
   */
  void refuse(Qcow2Node image, long host, long length) {
    for (Structure structure : structures) {
      if (overlaps(structure, image, host, length)) {
        throw BlockException.corrupt(
            "Preventing invalid write on metadata (overlaps with " + structure.title + ")");
      }
    }
  }

  private static boolean overlaps(Structure structure, Qcow2Node image, long host, long length) {
    Header h = image.header;
    return switch (structure) {
      case MAIN_HEADER -> host < image.g.clusterSize();
      case ACTIVE_L1 -> meet(host, length, h.l1Offset, h.l1Size * 8L);
      case ACTIVE_L2 -> among(image.map.l1(), image.map.l1().length, image.g, host, length);
      case REFCOUNT_TABLE -> image.refcounts.overlaps(host, length);
      case REFCOUNT_BLOCK ->
          among(image.refcounts.table(), image.refcounts.tableEnd(), image.g, host, length);
      case SNAPSHOT_TABLE ->
          h.snapshotCount > 0
              && meet(host, length, h.snapshotsOffset, image.internalSnapshots().tableBytes());
      case INACTIVE_L1 ->
          hasSnapshots(image)
              && image.internalSnapshots().entries().stream()
                  .anyMatch(s -> meet(host, length, s.l1Offset(), s.l1Size() * 8L));
      case INACTIVE_L2 ->
          hasSnapshots(image)
              && image.internalSnapshots().entries().stream()
                  .map(image.internalSnapshots()::table)
                  .anyMatch(l1 -> among(l1, l1.length, image.g, host, length));
      case BITMAP_DIRECTORY -> directory(image, host, length);
    };
  }

  private static boolean hasSnapshots(Qcow2Node image) {
    return !image.internalSnapshots().entries().isEmpty();
  }

  private static boolean directory(Qcow2Node image, long host, long length) {
    if (image.header.extension(Header.EXTENSION_BITMAPS) == null) {
      return false;
    }
    BitmapDirectory.Place place = BitmapDirectory.place(image.header);
    return meet(host, length, place.offset(), place.size());
  }

  private static boolean meet(long host, long length, long offset, long bytes) {
    return bytes > 0 && host < offset + bytes && offset < host + length;
  }

  /**
   * True if a cluster that one of these entries names is in the range. Hot: no division, no box.
   */
  private static boolean among(long[] entries, int count, Geometry g, long host, long length) {
    long first = Math.max(host & ~g.clusterMask(), 1); // an entry of 0 names nothing
    long end = host + length;
    for (int i = 0; i < count; i++) {
      long offset = entries[i] & Geometry.OFFSET_MASK;
      if (offset >= first && offset < end) {
        return true;
      }
    }
    return false;
  }
}
