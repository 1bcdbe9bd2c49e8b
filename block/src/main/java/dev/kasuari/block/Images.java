package dev.kasuari.block;

import dev.kasuari.host.Errno;
import dev.kasuari.host.HostException;
import dev.kasuari.host.HostFile;
import dev.kasuari.host.HostOs;
import dev.kasuari.qapi.Nearest;
import dev.kasuari.qapi.OptionException;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;

/** Opens images, and says what is wrong with those that cannot be opened. */
public final class Images {
  private Images() {}

  /**
   * Opens an image.
   *
   * @param where what a complaint begins with, such as {@code -drive}
   * @throws OptionException saying what is wrong with the file and what would be right
   */
  public static RawImage open(String where, DriveOptions options) {
    Path path = Path.of(options.file());
    String named = where + " file=" + options.file();
    Opened opened = openFile(named, path, options);
    HostFile file = opened.file();
    try {
      ImageFormat format = format(named, file, options);
      if (format != ImageFormat.RAW) {
        throw new OptionException(
            named
                + ": "
                + format.option()
                + " images come later; for now convert it with"
                + " 'qemu-img convert -O raw'");
      }
      if (file.size() == 0) {
        throw new OptionException(
            named + ": it is empty; make a disk of a gibibyte with 'truncate -s 1G'");
      }
      lock(named, opened, options);
      boolean unmap = options.discard() == DriveOptions.Discard.UNMAP;
      return new RawImage(options.id(), file, opened.writable(), unmap);
    } catch (HostException e) {
      file.close();
      throw new OptionException(
          named + ": cannot be a disk: " + e.errno().text() + "; give a file or a block device", e);
    } catch (RuntimeException | Error e) {
      file.close();
      throw e;
    }
  }

  private static ImageFormat format(String named, HostFile file, DriveOptions options) {
    String asked = options.format();
    if (asked != null) {
      return ImageFormat.named(named, asked);
    }
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment head = arena.allocate(ImageFormat.PROBE_SIZE);
      return ImageFormat.probe(head.asSlice(0, file.read(head, 0)));
    }
  }

  private record Opened(HostFile file, boolean writable) {
    static Opened of(Path path, boolean writable) {
      HostFile.Mode[] modes =
          writable ? new HostFile.Mode[] {HostFile.Mode.WRITE} : new HostFile.Mode[0];
      return new Opened(HostFile.open(path.toString(), modes), writable);
    }
  }

  private static void lock(String named, Opened file, DriveOptions options) {
    switch (options.locking()) {
      case OFF -> {}
      case ON -> {
        if (HostOs.current() != HostOs.LINUX) {
          throw new OptionException(named + ": locking=on: this host has no suitable locks");
        }
        take(named, file);
      }
      case AUTO -> {
        if (HostOs.current() == HostOs.LINUX) {
          take(named, file);
        }
      }
    }
  }

  private static void take(String named, Opened file) {
    if (!ImageLock.take(file.file(), file.writable())) {
      throw new OptionException(
          named
              + ": another program "
              + (file.writable() ? "uses" : "writes")
              + " this image, and two would destroy it; give each its own copy");
    }
  }

  private static Opened openFile(String named, Path path, DriveOptions options) {
    if (Files.isDirectory(path)) {
      throw new OptionException(named + ": it is a folder; an image is a file or a block device");
    }
    if (!Files.exists(path)) {
      throw new OptionException(named + ": no such file" + nearest(path));
    }
    try {
      return Opened.of(path, !options.readonly());
    } catch (HostException e) {
      if (!options.readonly() && refused(e) && Files.isReadable(path)) {
        return openReadOnly(named, path, options);
      }
      throw new OptionException(named + ": cannot be opened: " + e.errno().text(), e);
    }
  }

  private static Opened openReadOnly(String named, Path path, DriveOptions options) {
    if (!options.autoReadOnly()) {
      throw new OptionException(
          named + ": it can be read but not written; add readonly=on, or let it be written");
    }
    return Opened.of(path, false);
  }

  private static boolean refused(HostException e) {
    int number = e.errno().number();
    return number == Errno.EACCES || number == Errno.EPERM || e.errno().symbol().equals("EROFS");
  }

  private static String nearest(Path path) {
    Path folder = path.toAbsolutePath().getParent();
    Path name = path.getFileName();
    if (folder == null || name == null) {
      return "";
    }
    if (!Files.isDirectory(folder)) {
      return ": there is no folder " + folder;
    }
    try (Stream<Path> files = Files.list(folder)) {
      List<String> names = files.map(f -> String.valueOf(f.getFileName())).toList();
      String best = Nearest.of(name.toString(), names);
      return best == null ? "" : "; did you mean '" + best + "'?";
    } catch (IOException e) {
      return ""; // a folder that cannot be listed has nothing to suggest
    }
  }
}
