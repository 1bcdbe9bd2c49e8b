package dev.kasuari.block.nbd;

import dev.kasuari.block.BlockException;

/** The numbers of the protocol. Source: NBD protocol, "Values". */
final class Nbd {
  static final int DEFAULT_PORT = 10809;

  // Handshake.
  static final long MAGIC = 0x4e42444d41474943L; // NBDMAGIC
  static final long OPTION_MAGIC = 0x49484156454f5054L; // IHAVEOPT
  static final long OLD_MAGIC = 0x00420281861253L;
  static final long OPTION_REPLY_MAGIC = 0x0003e889045565a9L;
  static final int FIXED_NEWSTYLE = 1;
  static final int NO_ZEROES = 2;

  // Options.
  static final int OPT_EXPORT_NAME = 1;
  static final int OPT_ABORT = 2;
  static final int OPT_LIST = 3;
  static final int OPT_STARTTLS = 5;
  static final int OPT_INFO = 6;
  static final int OPT_GO = 7;
  static final int OPT_STRUCTURED_REPLY = 8;
  static final int OPT_LIST_META_CONTEXT = 9;
  static final int OPT_SET_META_CONTEXT = 10;
  static final int OPT_EXTENDED_HEADERS = 11;

  // Replies to options.
  static final int REP_ACK = 1;
  static final int REP_SERVER = 2;
  static final int REP_INFO = 3;
  static final int REP_META_CONTEXT = 4;
  static final int REP_ERR = 1 << 31;
  static final int REP_ERR_UNSUP = REP_ERR + 1;
  static final int REP_ERR_POLICY = REP_ERR + 2;
  static final int REP_ERR_INVALID = REP_ERR + 3;
  static final int REP_ERR_TLS_REQD = REP_ERR + 5;
  static final int REP_ERR_UNKNOWN = REP_ERR + 6;
  static final int REP_ERR_SHUTDOWN = REP_ERR + 7;
  static final int REP_ERR_BLOCK_SIZE_REQD = REP_ERR + 8;
  static final int REP_ERR_TOO_BIG = REP_ERR + 9;

  static final int INFO_EXPORT = 0;
  static final int INFO_NAME = 1;
  static final int INFO_DESCRIPTION = 2;
  static final int INFO_BLOCK_SIZE = 3;

  // What an export can do.
  static final int FLAG_HAS_FLAGS = 1;
  static final int FLAG_READ_ONLY = 2;
  static final int FLAG_SEND_FLUSH = 4;
  static final int FLAG_SEND_FUA = 8;
  static final int FLAG_SEND_TRIM = 32;
  static final int FLAG_SEND_WRITE_ZEROES = 64;
  static final int FLAG_SEND_DF = 128;
  static final int FLAG_CAN_MULTI_CONN = 256;
  static final int FLAG_SEND_CACHE = 1024;
  static final int FLAG_SEND_FAST_ZERO = 2048;

  // Requests.
  static final int REQUEST_MAGIC = 0x25609513;
  static final int EXTENDED_REQUEST_MAGIC = 0x21e41c71;
  static final int CMD_READ = 0;
  static final int CMD_WRITE = 1;
  static final int CMD_DISC = 2;
  static final int CMD_FLUSH = 3;
  static final int CMD_TRIM = 4;
  static final int CMD_CACHE = 5;
  static final int CMD_WRITE_ZEROES = 6;
  static final int CMD_BLOCK_STATUS = 7;
  static final int CMD_FLAG_FUA = 1;
  static final int CMD_FLAG_NO_HOLE = 2;
  static final int CMD_FLAG_DF = 4;
  static final int CMD_FLAG_REQ_ONE = 8;
  static final int CMD_FLAG_FAST_ZERO = 16;
  static final int CMD_FLAG_PAYLOAD_LEN = 32;

  // Replies.
  static final int SIMPLE_REPLY_MAGIC = 0x67446698;
  static final int STRUCTURED_REPLY_MAGIC = 0x668e33ef;
  static final int EXTENDED_REPLY_MAGIC = 0x6e8a278c;
  static final int REPLY_FLAG_DONE = 1;
  static final int REPLY_NONE = 0;
  static final int REPLY_OFFSET_DATA = 1;
  static final int REPLY_OFFSET_HOLE = 2;
  static final int REPLY_BLOCK_STATUS = 5;
  static final int REPLY_BLOCK_STATUS_EXT = 6;
  static final int REPLY_ERROR = 1 << 15 | 1;
  static final int REPLY_ERROR_OFFSET = 1 << 15 | 2;

  // Block status.
  static final int STATE_HOLE = 1;
  static final int STATE_ZERO = 2;
  static final int STATE_DIRTY = 1;
  static final String BASE_ALLOCATION = "base:allocation";
  static final String ALLOCATION_DEPTH = "qemu:allocation-depth";
  static final String DIRTY_BITMAP = "qemu:dirty-bitmap:";

  /** The longest string: names, contexts, messages. */
  static final int MAX_STRING = 4096;

  /** The longest data of one request that everybody takes. */
  static final int MAX_DATA = 32 << 20;

  // Errors.
  static final int EPERM = 1;
  static final int EIO = 5;
  static final int ENOMEM = 12;
  static final int EINVAL = 22;
  static final int ENOSPC = 28;
  static final int EOVERFLOW = 75;
  static final int ENOTSUP = 95;
  static final int ESHUTDOWN = 108;

  private Nbd() {}

  /** The number that stands for a failure. */
  static int error(BlockException e) {
    return switch (e.kind()) {
      case NO_SPACE, TOO_LARGE -> ENOSPC;
      case READ_ONLY, PERMISSION -> EPERM;
      case INVALID -> EINVAL;
      case NOT_SUPPORTED -> ENOTSUP;
      default -> EIO;
    };
  }

  /** The failure that a number stands for. */
  static BlockException failure(int error, String message) {
    BlockException.Kind kind =
        switch (error) {
          case EPERM -> BlockException.Kind.READ_ONLY;
          case EINVAL, EOVERFLOW -> BlockException.Kind.INVALID;
          case ENOSPC -> BlockException.Kind.NO_SPACE;
          case ENOTSUP -> BlockException.Kind.NOT_SUPPORTED;
          default -> BlockException.Kind.IO_ERROR;
        };
    return new BlockException(kind, message.isEmpty() ? kind.text() : message);
  }

  static String commandName(int type) {
    return switch (type) {
      case CMD_READ -> "read";
      case CMD_WRITE -> "write";
      case CMD_FLUSH -> "flush";
      case CMD_TRIM -> "trim";
      case CMD_CACHE -> "cache";
      case CMD_WRITE_ZEROES -> "write zeroes";
      case CMD_BLOCK_STATUS -> "block status";
      default -> "request " + type;
    };
  }
}
