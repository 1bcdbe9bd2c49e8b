package dev.kasuari.block.ssh;

import dev.kasuari.block.BlockException;
import dev.kasuari.block.BlockException.Kind;
import java.io.IOException;

/** What a server answered where a request failed. The conversation goes on. */
final class SftpException extends IOException {
  private static final long serialVersionUID = 1L;

  private final int status;

  /**
   * Such an answer.
   *
   * @param status as section 7 of the protocol numbers it
   * @param text the server's words
   */
  SftpException(int status, String text) {
    super("SFTP server: " + text + " (sftp error code: " + status + ")");
    this.status = status;
  }

  int status() {
    return status;
  }

  /** What it means for an image. */
  BlockException failure(String attempt) {
    Kind kind =
        switch (status) {
          case Sftp.STATUS_NO_FILE -> Kind.NOT_FOUND;
          case Sftp.STATUS_PERMISSION -> Kind.PERMISSION;
          case Sftp.STATUS_UNSUPPORTED -> Kind.NOT_SUPPORTED;
          default -> Kind.IO_ERROR;
        };
    return new BlockException(kind, attempt + ": " + getMessage());
  }
}
