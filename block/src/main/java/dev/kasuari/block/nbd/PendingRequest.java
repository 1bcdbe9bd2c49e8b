package dev.kasuari.block.nbd;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import org.jspecify.annotations.Nullable;

/** A client's request, and what has come of it so far. */
final class PendingRequest {
  /** More extents than are kept of one answer. */
  private static final int MAX_RUNS = 1 << 14;

  private static final long MAX_STATUS = 1 << 20;

  private final int type;
  private final long offset;
  private final long length;
  private final @Nullable MemorySegment to;
  private final CountDownLatch ended = new CountDownLatch(1);
  private final List<NbdConnection.Run> runs = new ArrayList<>();
  private long covered;
  private int error;
  private String message = "";
  private @Nullable IOException lost;

  PendingRequest(int type, long offset, long length, @Nullable MemorySegment to) {
    this.type = type;
    this.offset = offset;
    this.length = length;
    this.to = to;
  }

  int type() {
    return type;
  }

  long offset() {
    return offset;
  }

  long length() {
    return length;
  }

  @Nullable MemorySegment to() {
    return to;
  }

  List<NbdConnection.Run> runs() {
    return runs;
  }

  int error() {
    return error;
  }

  String message() {
    return message;
  }

  @Nullable IOException lost() {
    return lost;
  }

  void await() {
    boolean interrupted = false;
    while (true) {
      try {
        ended.await();
        break;
      } catch (InterruptedException e) {
        interrupted = true; // the buffer is in use until the reply has come
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }

  void end() {
    ended.countDown();
  }

  void lose(IOException e) {
    lost = e;
    ended.countDown();
  }

  void fail(int number, String text) {
    if (error == 0 && number != 0) {
      error = number;
      message = text;
    }
  }

  /** Takes a part of a structured reply in. Source: NBD protocol, "Structured reply types". */
  void chunk(Wire wire, int kind, long bytes, long context) throws IOException {
    switch (kind) {
      case Nbd.REPLY_NONE -> require(bytes == 0, kind, bytes);
      case Nbd.REPLY_OFFSET_DATA -> {
        require(to != null && bytes > 8 && bytes - 8 <= length, kind, bytes);
        wire.read(part(wire.readLong(), bytes - 8));
      }
      case Nbd.REPLY_OFFSET_HOLE -> {
        require(to != null && bytes == 12, kind, bytes);
        long at = wire.readLong();
        part(at, wire.readInt() & 0xffff_ffffL).fill((byte) 0);
      }
      case Nbd.REPLY_BLOCK_STATUS -> {
        boolean sane = bytes >= 12 && (bytes - 4) % 8 == 0 && bytes <= MAX_STATUS;
        require(type == Nbd.CMD_BLOCK_STATUS && sane, kind, bytes);
        requireContext(wire.readInt() & 0xffff_ffffL, context);
        for (long i = 0; i < (bytes - 4) / 8; i++) {
          run(wire.readInt() & 0xffff_ffffL, wire.readInt() & 0xffff_ffffL);
        }
      }
      case Nbd.REPLY_BLOCK_STATUS_EXT -> {
        boolean sane = bytes >= 24 && (bytes - 8) % 16 == 0 && bytes <= MAX_STATUS;
        require(type == Nbd.CMD_BLOCK_STATUS && sane, kind, bytes);
        requireContext(wire.readInt() & 0xffff_ffffL, context);
        wire.readInt();
        for (long i = 0; i < (bytes - 8) / 16; i++) {
          run(wire.readLong(), wire.readLong());
        }
      }
      default -> error(wire, kind, bytes);
    }
  }

  private void error(Wire wire, int kind, long bytes) throws IOException {
    boolean known = (kind & 1 << 15) != 0;
    require(known && bytes >= 6 && bytes <= Nbd.MAX_STRING + 64, kind, bytes);
    int number = wire.readInt();
    int text = wire.readShort();
    require(text <= bytes - 6 && number != 0, kind, bytes);
    fail(number, wire.readString(text));
    wire.skip(bytes - 6 - text);
  }

  private static void requireContext(long got, long expected) throws NbdException {
    if (got != expected) {
      throw new NbdException("Protocol error: unexpected context id " + got);
    }
  }

  private void run(long bytes, long flags) throws NbdException {
    if (bytes <= 0) {
      throw new NbdException("Protocol error: server sent status chunk with zero length");
    }
    if (runs.size() < MAX_RUNS) {
      runs.add(new NbdConnection.Run(Math.min(bytes, length), flags));
    }
  }

  private void require(boolean sane, int kind, long bytes) throws NbdException {
    if (!sane) {
      throw new NbdException(
          "Protocol error: chunk of type %d and %d bytes in reply to %s"
              .formatted(kind, bytes, Nbd.commandName(type)));
    }
  }

  private MemorySegment part(long at, long bytes) throws NbdException {
    if (to == null || at < offset || bytes <= 0 || bytes > length - (at - offset)) {
      throw new NbdException("Protocol error: server sent chunk exceeding requested region");
    }
    covered += bytes;
    if (covered > length) {
      throw new NbdException("Protocol error: server sent more than was requested");
    }
    return to.asSlice(at - offset, bytes);
  }

  /** Refuses the end of a read of which parts are missing. */
  void requireWhole() throws NbdException {
    if (error == 0 && to != null && covered != length) {
      throw new NbdException("Protocol error: server did not send all that was requested");
    }
  }
}
