package dev.kasuari.guests;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import org.tukaani.xz.LZMA2Options;
import org.tukaani.xz.XZOutputStream;

/** A Debian mirror of a few packages in a directory. */
final class Mirror {
  private final Path root;
  private final StringBuilder packages = new StringBuilder();

  Mirror(Path root) {
    this.root = root;
  }

  String address() {
    return root.toUri().toString();
  }

  void add(String name, String version, String depends, byte[] deb) throws IOException {
    Path file = deb(name);
    Files.createDirectories(GuestCache.parent(file));
    Files.write(file, deb);
    packages.append("Package: " + name + "\nVersion: " + version + "\nArchitecture: riscv64\n");
    packages.append("Description: a\n longer\n text\n");
    if (!depends.isEmpty()) {
      packages.append("Depends: " + depends + "\n");
    }
    packages.append("Filename: pool/" + name + "+1.deb\nSize: " + deb.length + "\n");
    packages.append("SHA256: " + Checksum.of(deb) + "\n\n");
  }

  private Path deb(String name) {
    return root.resolve("pool/" + name + "+1.deb");
  }

  private Path index(String name) {
    return root.resolve("dists/" + name + "/main/binary-riscv64/Packages.xz");
  }

  void publish() throws IOException {
    publish("trixie", "");
  }

  /** What has been added so far, by one name of the release and with more fields. */
  void publish(String name, String fields) throws IOException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (OutputStream out = new XZOutputStream(bytes, new LZMA2Options(0))) {
      out.write(packages.toString().getBytes(StandardCharsets.UTF_8));
    }
    Files.createDirectories(GuestCache.parent(index(name)));
    Files.write(index(name), bytes.toByteArray());
    String release =
        """
        -----BEGIN PGP SIGNED MESSAGE-----
        Hash: SHA256

        Origin: Test
        %sSHA256:
         %s %d main/binary-riscv64/Packages.xz
        -----BEGIN PGP SIGNATURE-----

        none
        -----END PGP SIGNATURE-----
        """
            .formatted(fields, Checksum.of(bytes.toByteArray()), bytes.size());
    Files.writeString(root.resolve("dists/" + name + "/InRelease"), release);
  }

  void damage(String name) throws IOException {
    flip(deb(name));
  }

  void damageIndex() throws IOException {
    flip(index("trixie"));
  }

  /** Puts the index where its checksum names it. */
  void addIndexByHash() throws IOException {
    byte[] bytes = Files.readAllBytes(index("trixie"));
    Path folder = index("trixie").resolveSibling("by-hash/SHA256");
    Files.createDirectories(folder);
    Files.write(folder.resolve(Checksum.of(bytes)), bytes);
  }

  private static void flip(Path file) throws IOException {
    byte[] bytes = Files.readAllBytes(file);
    bytes[bytes.length / 2] ^= 1;
    Files.write(file, bytes);
  }

  void resize(String name, int by) throws IOException {
    byte[] bytes = Files.readAllBytes(deb(name));
    Files.write(deb(name), Arrays.copyOf(bytes, bytes.length + by));
  }

  void remove() throws IOException {
    GuestCache.delete(root);
  }
}
