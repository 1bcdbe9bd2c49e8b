package dev.kasuari.guests;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import java.util.zip.GZIPInputStream;
import org.tukaani.xz.XZInputStream;

/**
 * A Linux kernel module file. What it depends on stands in its {@code .modinfo} section; the lists
 * that depmod makes are not part of a package.
 *
 * @param name with underscores, as {@code lsmod} shows it
 * @param depends names of the modules to load before it
 * @param image the ELF file, uncompressed
 */
@SuppressWarnings("ArrayRecordComponent") // never compared, shown or shared
record KernelModule(String name, List<String> depends, byte[] image) {
  private static final String[] ENDINGS = {".ko", ".ko.xz", ".ko.gz"};

  KernelModule {
    depends = List.copyOf(depends);
  }

  /** The module's name out of its path, or an empty string if it is not a module's path. */
  static String nameOf(String path) {
    String file = path.substring(path.lastIndexOf('/') + 1);
    for (String ending : ENDINGS) {
      if (file.endsWith(ending)) {
        return file.substring(0, file.length() - ending.length()).replace('-', '_');
      }
    }
    return "";
  }

  static KernelModule read(String path, byte[] file) throws GuestException {
    try (InputStream in = decompressed(path, file)) {
      byte[] image = in.readAllBytes();
      return new KernelModule(nameOf(path), dependencies(modinfo(image)), image);
    } catch (IOException | IndexOutOfBoundsException | ArithmeticException e) {
      throw new GuestException(path + ": not a readable kernel module: " + e.getMessage(), e);
    }
  }

  private static InputStream decompressed(String path, byte[] file) throws IOException {
    InputStream in = new ByteArrayInputStream(file);
    if (path.endsWith(".xz")) {
      return new XZInputStream(in);
    }
    return path.endsWith(".gz") ? new GZIPInputStream(in) : in;
  }

  private static List<String> dependencies(String modinfo) {
    return Stream.of(modinfo.split("\0", -1))
        .filter(line -> line.startsWith("depends="))
        .flatMap(line -> Stream.of(line.substring("depends=".length()).split(",", -1)))
        .filter(name -> !name.isEmpty())
        .map(name -> name.replace('-', '_'))
        .toList();
  }

  /** The section of that name. Source: System V ABI, "Sections". */
  private static String modinfo(byte[] image) throws GuestException {
    if (image.length < 64 || image[0] != 0x7f || image[1] != 'E') {
      throw new GuestException("no ELF file");
    }
    boolean wide = image[4] == 2;
    ByteBuffer elf =
        ByteBuffer.wrap(image)
            .order(image[5] == 2 ? ByteOrder.BIG_ENDIAN : ByteOrder.LITTLE_ENDIAN);
    int table = wide ? Math.toIntExact(elf.getLong(0x28)) : elf.getInt(0x20);
    int size = elf.getShort(wide ? 0x3a : 0x2e);
    int count = elf.getShort(wide ? 0x3c : 0x30);
    int names = offset(elf, table + size * elf.getShort(wide ? 0x3e : 0x32), wide);
    for (int i = 0; i < count; i++) {
      int header = table + i * size;
      int name = names + elf.getInt(header);
      if (is(image, name, ".modinfo\0")) {
        int start = offset(elf, header, wide);
        int length = wide ? Math.toIntExact(elf.getLong(header + 0x20)) : elf.getInt(header + 0x14);
        return new String(image, start, length, StandardCharsets.UTF_8);
      }
    }
    throw new GuestException("it has no .modinfo section");
  }

  private static int offset(ByteBuffer elf, int header, boolean wide) {
    return wide ? Math.toIntExact(elf.getLong(header + 0x18)) : elf.getInt(header + 0x10);
  }

  private static boolean is(byte[] image, int at, String text) {
    byte[] wanted = text.getBytes(StandardCharsets.US_ASCII);
    return at >= 0
        && at <= image.length - wanted.length
        && Arrays.equals(image, at, at + wanted.length, wanted, 0, wanted.length);
  }
}
