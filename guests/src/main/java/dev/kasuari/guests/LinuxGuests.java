package dev.kasuari.guests;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Pattern;
import java.util.zip.GZIPInputStream;

/**
 * Linux guests made of Debian's packages. What is slow to make (unpacked kernels, initrds) is kept
 * in the cache of the packages and checked on reuse.
 */
public final class LinuxGuests {
  private static final Pattern KERNEL = Pattern.compile("boot/vmlinu[xz]-.*");

  private final DebianPackages packages;

  public LinuxGuests(DebianPackages packages) {
    this.packages = packages;
  }

  /** The kernel command line that puts the console on an architecture's usual serial port. */
  public static String console(String architecture) {
    return switch (architecture) {
      case "arm64", "armhf", "armel" -> "console=ttyAMA0";
      case "ppc64el", "ppc64" -> "console=hvc0";
      case "s390x" -> "console=ttysclp0";
      default -> "console=ttyS0";
    };
  }

  /** Whether an initrd stays compressed as shipped or is unpacked for the guest beforehand. */
  public enum Form {
    /** As Debian ships it; the guest decompresses. */
    COMPRESSED,
    /** The same files, decompressed here: a slow guest reaches its shell sooner. */
    UNPACKED
  }

  /**
   * Debian's network installer, kernel and initrd unmodified, with a small archive of ours behind
   * the initrd whose init starts a shell instead of the installer. {@code poweroff -f} ends it.
   * Needs 256 MiB of memory.
   */
  public LinuxGuest shell(String suite, String architecture, Form form, Progress progress)
      throws IOException {
    Path made = installer(suite, architecture, InitArchive.shell(), form, progress);
    return new LinuxGuest(
        "Debian " + suite + " " + architecture + " shell",
        made.resolve("kernel"),
        made.resolve("initrd"),
        console(architecture));
  }

  /**
   * Debian's network installer as it is shipped, which asks for a language first. Needs 512 MiB of
   * memory.
   */
  public LinuxGuest installer(String suite, String architecture, Progress progress)
      throws IOException {
    Path made = installer(suite, architecture, new byte[0], Form.COMPRESSED, progress);
    return new LinuxGuest(
        "Debian " + suite + " " + architecture + " installer",
        made.resolve("kernel"),
        made.resolve("initrd"),
        console(architecture));
  }

  /** The installer's kernel and initrd, with an archive of ours behind it. */
  private Path installer(
      String suite, String architecture, byte[] ours, Form form, Progress progress)
      throws IOException {
    DebianPackage wanted =
        new DebianPackage("debian-installer-*-netboot-" + architecture, suite, architecture);
    PackageRecord record = packages.find(wanted, progress);
    String key =
        record.name()
            + "-"
            + Checksum.of(record.sha256() + Checksum.of(ours) + form).substring(0, 24);
    Path made = packages.cache().made(key);
    if (made == null) {
      Path deb = packages.deb(wanted.named(record.name()), progress);
      progress.update("unpack " + record.name(), 0, -1);
      made = packages.cache().make(key, progress, dir -> unpackInstaller(deb, ours, form, dir));
      progress.update("unpack " + record.name(), 1, 1);
    }
    return made;
  }

  private static void unpackInstaller(Path file, byte[] ours, Form form, Path directory)
      throws IOException {
    Map<String, byte[]> found =
        new Deb(file).read(p -> p.endsWith("/initrd.gz") || p.matches(".*/(linux|vmlinu[xz])"));
    // The graphical installer, where there is one, lies beside the textual one.
    String initrd = pick(file, found, "/initrd.gz");
    String folder = initrd.substring(0, initrd.lastIndexOf('/') + 1);
    String kernel =
        found.keySet().stream()
            .filter(p -> p.startsWith(folder) && p.indexOf('/', folder.length()) < 0)
            .filter(p -> !p.equals(initrd))
            .findFirst()
            .orElseThrow(() -> new GuestException(file + ": no kernel beside " + initrd));
    Files.write(directory.resolve("kernel"), contents(found, kernel));
    try (OutputStream out = Files.newOutputStream(directory.resolve("initrd"));
        InputStream theirs = new ByteArrayInputStream(contents(found, initrd))) {
      InputStream plain = form == Form.UNPACKED ? new GZIPInputStream(theirs) : theirs;
      out.write(new byte[Cpio.padding(plain.transferTo(out))]);
      out.write(ours);
    }
  }

  private static String pick(Path file, Map<String, byte[]> found, String ending)
      throws GuestException {
    List<String> paths = found.keySet().stream().filter(p -> p.endsWith(ending)).sorted().toList();
    return paths.stream()
        .filter(p -> !p.contains("/gtk/"))
        .findFirst()
        .orElseThrow(() -> new GuestException(file + ": no *" + ending + " in it"));
  }

  private static byte[] contents(Map<String, byte[]> found, String path) throws GuestException {
    byte[] data = found.get(path);
    if (data == null) {
      throw new GuestException("no " + path + " in the package");
    }
    return data;
  }

  /**
   * A guest of Debian's kernel and busybox that loads modules, runs a script and powers off.
   *
   * @param initrd where to write its initrd, anew
   */
  public LinuxGuest scripted(ScriptedGuest guest, Path initrd, Progress progress)
      throws IOException {
    Path base = base(guest, progress);
    Cpio cpio = new Cpio().file("script", 0755, guest.script());
    new TreeMap<>(guest.files()).forEach((path, data) -> cpio.file(path, 0755, data));
    byte[] whole = Cpio.concatenate(Files.readAllBytes(base.resolve("base.cpio")), cpio.toBytes());
    Files.write(initrd, whole);
    return new LinuxGuest(
        "Debian " + guest.suite() + " " + guest.architecture() + " script",
        base.resolve("kernel"),
        initrd,
        console(guest.architecture()));
  }

  /** Kernel, busybox and modules without any script. */
  private Path base(ScriptedGuest guest, Progress progress) throws IOException {
    String architecture = guest.architecture();
    DebianPackage kernel =
        new DebianPackage("linux-image-*-" + architecture, guest.suite(), architecture);
    DebianPackage busybox = new DebianPackage("busybox-static", guest.suite(), architecture);
    PackageRecord image = packages.find(kernel, progress);
    PackageRecord shell = packages.find(busybox, progress);
    String parts = image.sha256() + shell.sha256() + guest.modules() + InitArchive.scriptInit();
    String key = image.name() + "-" + Checksum.of(parts).substring(0, 24);
    Path made = packages.cache().made(key);
    if (made != null) {
      return made;
    }
    Path imageDeb = packages.deb(kernel.named(image.name()), progress);
    Path shellDeb = packages.deb(busybox, progress);
    progress.update("unpack " + image.name(), 0, -1);
    made =
        packages
            .cache()
            .make(key, progress, dir -> makeBase(imageDeb, shellDeb, guest.modules(), dir));
    progress.update("unpack " + image.name(), 1, 1);
    return made;
  }

  /** Where it is depends on the release: since Debian 13 nothing is in /bin itself. */
  private static byte[] busybox(Path shell) throws IOException {
    Map<String, byte[]> found = new Deb(shell).read(p -> p.matches("(usr/)?bin/busybox"));
    return found.values().stream()
        .findFirst()
        .orElseThrow(() -> new GuestException(shell + ": no busybox in it"));
  }

  private static void makeBase(Path image, Path shell, List<String> modules, Path directory)
      throws IOException {
    byte[] busybox = busybox(shell);
    // One pass over the package: unpacking it takes longer than all the rest.
    Map<String, byte[]> files =
        new Deb(image).read(p -> KERNEL.matcher(p).matches() || ModuleSet.concerns(p));
    String kernel =
        files.keySet().stream()
            .filter(p -> KERNEL.matcher(p).matches())
            .findFirst()
            .orElseThrow(() -> new GuestException(image + ": no kernel in /boot"));
    Files.write(directory.resolve("kernel"), contents(files, kernel));
    List<KernelModule> set = ModuleSet.of(files, modules);
    Files.write(directory.resolve("base.cpio"), InitArchive.script(busybox, set));
  }
}
