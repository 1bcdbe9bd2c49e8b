package dev.kasuari.block.ssh;

/** Numbers of the SFTP protocol, version 3. Source: draft-ietf-secsh-filexfer-02. */
final class Sftp {
  static final int VERSION = 3;

  static final int INIT = 1;
  static final int VERSIONED = 2;
  static final int OPEN = 3;
  static final int CLOSE = 4;
  static final int READ = 5;
  static final int WRITE = 6;
  static final int FSTAT = 8;
  static final int FSETSTAT = 10;
  static final int STATUS = 101;
  static final int HANDLE = 102;
  static final int DATA = 103;
  static final int ATTRIBUTES = 105;
  static final int EXTENDED = 200;
  static final int EXTENDED_REPLY = 201;

  static final int OPEN_READ = 1;
  static final int OPEN_WRITE = 2;
  static final int OPEN_CREATE = 8;
  static final int OPEN_TRUNCATE = 16;

  static final int ATTRIBUTE_SIZE = 1;
  static final int ATTRIBUTE_OWNER = 2;
  static final int ATTRIBUTE_PERMISSIONS = 4;

  static final int STATUS_OK = 0;
  static final int STATUS_EOF = 1;
  static final int STATUS_NO_FILE = 2;
  static final int STATUS_PERMISSION = 3;
  static final int STATUS_UNSUPPORTED = 8;

  /** Extensions of OpenSSH; its PROTOCOL file, section 4. */
  static final String FSYNC = "fsync@openssh.com";

  static final String LIMITS = "limits@openssh.com";

  /** Data of a request that any server takes: section 3. */
  static final int LEAST_DATA = 32 << 10;

  /** Data of a request, whatever a server would take. */
  static final int MOST_DATA = 255 << 10;

  private Sftp() {}
}
