package dev.kasuari.block.bitmap;

import dev.kasuari.block.BlockException;
import dev.kasuari.block.BlockException.Kind;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.jspecify.annotations.Nullable;

/** The dirty bitmaps of one node. */
public final class Bitmaps {
  private static final int DEFAULT_GRANULARITY = 65536;
  private static final int LEAST_DEFAULT = 4096;

  private final List<DirtyBitmap> all = new CopyOnWriteArrayList<>();

  /** All, in the order in which they came. */
  public List<DirtyBitmap> all() {
    return List.copyOf(all);
  }

  /** Those that the image keeps. */
  public List<DirtyBitmap> persistent() {
    return all.stream().filter(DirtyBitmap::persistent).toList();
  }

  /** The one of that name, or null. */
  public @Nullable DirtyBitmap find(String name) {
    for (DirtyBitmap bitmap : all) {
      if (bitmap.name().equals(name)) {
        return bitmap;
      }
    }
    return null;
  }

  /**
   * The one of that name.
   *
   * @throws BlockException if there is none
   */
  public DirtyBitmap named(String name) {
    DirtyBitmap found = find(name);
    if (found == null) {
      throw new BlockException(Kind.NOT_FOUND, "Dirty bitmap '" + name + "' not found");
    }
    return found;
  }

  /** What is taken where nobody says: a cluster, within limits. */
  public static int defaultGranularity(int clusterSize) {
    return clusterSize <= 0
        ? DEFAULT_GRANULARITY
        : Math.clamp(clusterSize, LEAST_DEFAULT, DEFAULT_GRANULARITY);
  }

  /**
   * A new one, clean and enabled.
   *
   * @param size bytes of the node
   * @throws BlockException if the name or the granularity is impossible, or the name is taken
   */
  public synchronized DirtyBitmap add(String name, long granularity, boolean keep, long size) {
    if (name.isEmpty()) {
      throw BlockException.invalid("Bitmap name cannot be empty");
    }
    if (granularity < DirtyBitmap.MIN_GRANULARITY || Long.bitCount(granularity) != 1) {
      throw BlockException.invalid("Granularity must be power of 2 and at least 512");
    }
    if (granularity > DirtyBitmap.MAX_GRANULARITY) {
      throw BlockException.invalid("Granularity exceeds maximum (1073741824 bytes)");
    }
    if (name.getBytes(StandardCharsets.UTF_8).length > DirtyBitmap.MAX_NAME) {
      throw BlockException.invalid(
          (keep ? "Can't make bitmap '" + name + "' persistent: " : "")
              + "Name length exceeds maximum (1023 characters)");
    }
    if (find(name) != null) {
      throw new BlockException(Kind.EXISTS, "Bitmap already exists: " + name);
    }
    var bitmap = new DirtyBitmap(name, (int) granularity, keep, false, size);
    all.add(bitmap);
    return bitmap;
  }

  /** One that an image has; its bits are to be loaded. */
  public DirtyBitmap addStored(String name, int granularity, boolean inconsistent, long size) {
    var bitmap = new DirtyBitmap(name, granularity, true, inconsistent, size);
    all.add(bitmap);
    return bitmap;
  }

  /** Forgets one. */
  public synchronized void remove(String name) {
    DirtyBitmap bitmap = named(name);
    if (bitmap.busy()) {
      bitmap.refuseUse();
    }
    all.remove(bitmap);
  }

  /** Notes that a range has been written, in those that are enabled. */
  public void note(long offset, long length) {
    for (DirtyBitmap bitmap : all) {
      bitmap.note(offset, length);
    }
  }

  /** Follows the node's size. */
  public void resize(long size) {
    for (DirtyBitmap bitmap : all) {
      bitmap.resize(size);
    }
  }
}
