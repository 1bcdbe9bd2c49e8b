package dev.kasuari.guests;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.util.zip.GZIPOutputStream;
import org.apache.commons.compress.archivers.ar.ArArchiveEntry;
import org.apache.commons.compress.archivers.ar.ArArchiveOutputStream;
import org.apache.commons.compress.archivers.tar.TarArchiveEntry;
import org.apache.commons.compress.archivers.tar.TarArchiveOutputStream;
import org.apache.commons.compress.archivers.tar.TarConstants;
import org.tukaani.xz.LZMA2Options;
import org.tukaani.xz.XZOutputStream;

/** Writes small .deb files for tests. */
final class DebFile {
  private final ByteArrayOutputStream tarBytes = new ByteArrayOutputStream();
  private final TarArchiveOutputStream tar = new TarArchiveOutputStream(tarBytes);

  DebFile() {
    tar.setLongFileMode(TarArchiveOutputStream.LONGFILE_GNU);
  }

  DebFile file(String path, String contents) throws IOException {
    return file(path, contents.getBytes(StandardCharsets.UTF_8), 0100644);
  }

  DebFile file(String path, byte[] contents, int mode) throws IOException {
    TarArchiveEntry entry = new TarArchiveEntry(path, TarConstants.LF_NORMAL, true);
    entry.setSize(contents.length);
    entry.setMode(mode);
    tar.putArchiveEntry(entry);
    tar.write(contents);
    tar.closeArchiveEntry();
    return this;
  }

  DebFile directory(String path) throws IOException {
    tar.putArchiveEntry(new TarArchiveEntry(path, TarConstants.LF_DIR, true));
    tar.closeArchiveEntry();
    return this;
  }

  DebFile symlink(String path, String target) throws IOException {
    return link(path, target, TarConstants.LF_SYMLINK);
  }

  DebFile hardLink(String path, String target) throws IOException {
    return link(path, target, TarConstants.LF_LINK);
  }

  private DebFile link(String path, String target, byte kind) throws IOException {
    TarArchiveEntry entry = new TarArchiveEntry(path, kind, true);
    entry.setLinkName(target);
    tar.putArchiveEntry(entry);
    tar.closeArchiveEntry();
    return this;
  }

  byte[] xz() throws IOException {
    return compressed("data.tar.xz", true);
  }

  byte[] gz() throws IOException {
    return compressed("data.tar.gz", false);
  }

  byte[] plain() throws IOException {
    tar.finish();
    return ar("data.tar", tarBytes.toByteArray());
  }

  private byte[] compressed(String name, boolean xz) throws IOException {
    tar.finish();
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (OutputStream out =
        xz ? new XZOutputStream(bytes, new LZMA2Options(0)) : new GZIPOutputStream(bytes)) {
      out.write(tarBytes.toByteArray());
    }
    return ar(name, bytes.toByteArray());
  }

  static byte[] ar(String name, byte[] data) throws IOException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (ArArchiveOutputStream ar = new ArArchiveOutputStream(bytes)) {
      member(ar, "debian-binary", "2.0\n".getBytes(StandardCharsets.US_ASCII));
      member(ar, "control.tar.xz", new byte[13]);
      member(ar, name, data);
    }
    return bytes.toByteArray();
  }

  private static void member(ArArchiveOutputStream ar, String name, byte[] data)
      throws IOException {
    ar.putArchiveEntry(new ArArchiveEntry(name, data.length));
    ar.write(data);
    ar.closeArchiveEntry();
  }
}
