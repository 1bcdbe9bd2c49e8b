package dev.kasuari.guests;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.HashSet;
import java.util.Locale;
import java.util.Set;

/**
 * Builds a cpio archive in the "newc" form that Linux unpacks as an initrd. Parent directories that
 * were not added appear by themselves with mode 0755. Everything belongs to root and is dated 0, so
 * the same contents give the same bytes. Source: Linux, Documentation/driver-api/early-userspace,
 * "initramfs buffer format".
 */
public final class Cpio {
  private static final int FIFO = 0010000;
  private static final int CHARACTER = 0020000;
  private static final int DIRECTORY = 0040000;
  private static final int BLOCK = 0060000;
  private static final int REGULAR = 0100000;
  private static final int LINK = 0120000;

  /** The kernel looks for the next archive at multiples of 4; block-wise tools write 512. */
  private static final int ALIGNMENT = 512;

  private final ByteArrayOutputStream out = new ByteArrayOutputStream();
  private final Set<String> directories = new HashSet<>();
  private int inode;

  /** Adds a regular file with permission bits such as 0755. */
  public Cpio file(String path, int permissions, byte[] contents) {
    return entry(path, REGULAR | permissions, contents, 0, 0);
  }

  /** Adds a regular text file. */
  public Cpio file(String path, int permissions, String contents) {
    return file(path, permissions, contents.getBytes(StandardCharsets.UTF_8));
  }

  /** Adds a directory; one that is there already stays as it is. */
  public Cpio directory(String path, int permissions) {
    String name = name(path);
    return directories.contains(name)
        ? this
        : entry(path, DIRECTORY | permissions, new byte[0], 0, 0);
  }

  /** Adds a symbolic link; the target is stored as given. */
  public Cpio symlink(String path, String target) {
    return entry(path, LINK | 0777, target.getBytes(StandardCharsets.UTF_8), 0, 0);
  }

  /** Adds a character device node. */
  public Cpio characterDevice(String path, int permissions, int major, int minor) {
    return entry(path, CHARACTER | permissions, new byte[0], major, minor);
  }

  /** Adds a block device node. */
  public Cpio blockDevice(String path, int permissions, int major, int minor) {
    return entry(path, BLOCK | permissions, new byte[0], major, minor);
  }

  /** Adds a named pipe. */
  public Cpio fifo(String path, int permissions) {
    return entry(path, FIFO | permissions, new byte[0], 0, 0);
  }

  /** The finished archive with its trailer, padded to a multiple of 512 bytes. */
  public byte[] toBytes() {
    ByteArrayOutputStream whole = new ByteArrayOutputStream(out.size() + ALIGNMENT);
    whole.writeBytes(out.toByteArray());
    write(whole, 0, 0, 1, "TRAILER!!!", new byte[0], 0, 0);
    pad(whole, ALIGNMENT);
    return whole.toByteArray();
  }

  /**
   * Puts initrds one behind the other, each compressed or not, so that the kernel unpacks them in
   * this order and a later file replaces an earlier one of the same name.
   */
  public static byte[] concatenate(byte[]... archives) {
    ByteArrayOutputStream whole = new ByteArrayOutputStream();
    for (byte[] archive : archives) {
      pad(whole, ALIGNMENT);
      whole.writeBytes(archive);
    }
    return whole.toByteArray();
  }

  /** How many zeros to put behind this many bytes before the next archive. */
  static int padding(long length) {
    return (int) Math.floorMod(-length, (long) ALIGNMENT);
  }

  private Cpio entry(String path, int mode, byte[] contents, int major, int minor) {
    String name = name(path);
    addParents(name);
    if ((mode & 0170000) == DIRECTORY) {
      directories.add(name);
    }
    write(out, ++inode, mode, 1, name, contents, major, minor);
    return this;
  }

  private void addParents(String name) {
    for (int slash = name.indexOf('/'); slash >= 0; slash = name.indexOf('/', slash + 1)) {
      String parent = name.substring(0, slash);
      if (directories.add(parent)) {
        write(out, ++inode, DIRECTORY | 0755, 2, parent, new byte[0], 0, 0);
      }
    }
  }

  private static String name(String path) {
    String name = Deb.normal(path);
    if (name.isEmpty() || name.indexOf('\0') >= 0 || ("/" + name + "/").contains("/../")) {
      throw new IllegalArgumentException("'" + path + "' is no path for an archive");
    }
    return name;
  }

  private static void write(
      ByteArrayOutputStream out,
      int inode,
      int mode,
      int links,
      String name,
      byte[] contents,
      int major,
      int minor) {
    byte[] path = name.getBytes(StandardCharsets.UTF_8);
    StringBuilder header = new StringBuilder("070701");
    int[] fields = {
      inode, mode, 0, 0, links, 0, contents.length, 0, 0, major, minor, path.length + 1, 0
    };
    for (int field : fields) {
      header.append(String.format(Locale.ROOT, "%08x", field));
    }
    out.writeBytes(header.toString().getBytes(StandardCharsets.US_ASCII));
    out.writeBytes(path);
    out.write(0);
    pad(out, 4);
    out.writeBytes(contents);
    pad(out, 4);
  }

  private static void pad(ByteArrayOutputStream out, int alignment) {
    int rest = Math.floorMod(-out.size(), alignment);
    out.writeBytes(new byte[rest]);
  }
}
