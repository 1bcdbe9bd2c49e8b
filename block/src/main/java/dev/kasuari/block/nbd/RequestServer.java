package dev.kasuari.block.nbd;

import dev.kasuari.block.BlockException;
import dev.kasuari.block.BlockNode;
import dev.kasuari.block.Extent;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/** Does a client's requests. Source: NBD protocol, "Transmission". */
final class RequestServer {
  /** Extents of one answer. */
  private static final int MAX_EXTENTS = 2048;

  /** Looks at metadata for one answer, which may then be shorter than what was asked for. */
  private static final int MAX_STEPS = 1 << 16;

  /** Holes that are worth a chunk of their own. */
  private static final int MIN_HOLE = 4096;

  private final Wire wire;
  private final NbdExport export;
  private final BlockNode node;
  private final boolean structured;
  private final boolean extended;
  private final List<MetaContext> contexts;

  /** A request's header. */
  record Request(int flags, int type, long cookie, long offset, long length) {
    boolean has(int flag) {
      return (flags & flag) != 0;
    }

    /** Bytes that follow the header. */
    long payload() {
      return type == Nbd.CMD_WRITE || has(Nbd.CMD_FLAG_PAYLOAD_LEN) ? length : 0;
    }
  }

  RequestServer(Wire wire, ServerHandshake.Result result) {
    this.wire = wire;
    export = result.export();
    node = export.node();
    structured = result.structured();
    extended = result.extended();
    contexts = result.contexts();
  }

  Request readHeader() throws IOException {
    int magic = wire.readInt();
    if (magic != (extended ? Nbd.EXTENDED_REQUEST_MAGIC : Nbd.REQUEST_MAGIC)) {
      throw new NbdException("invalid magic (got 0x%x)".formatted(magic));
    }
    int flags = wire.readShort();
    int type = wire.readShort();
    long cookie = wire.readLong();
    long offset = wire.readLong();
    long length = extended ? wire.readLong() : wire.readInt() & 0xffff_ffffL;
    var request = new Request(flags, type, cookie, offset, length);
    if (request.payload() < 0) {
      throw new NbdException("a request of 2^63 bytes and more");
    }
    return request;
  }

  /** The error by which a request is refused without being tried, or 0. */
  int refused(Request request) {
    boolean writes =
        switch (request.type()) {
          case Nbd.CMD_WRITE, Nbd.CMD_TRIM, Nbd.CMD_WRITE_ZEROES -> true;
          default -> false;
        };
    if (request.type() > Nbd.CMD_BLOCK_STATUS
        || (request.flags() & ~allowed(request.type())) != 0) {
      return Nbd.EINVAL;
    }
    if (writes && !export.canWrite()) {
      return Nbd.EPERM;
    }
    boolean data = request.type() == Nbd.CMD_READ || request.type() == Nbd.CMD_WRITE;
    if (data && request.length() > Nbd.MAX_DATA) {
      return Nbd.EINVAL;
    }
    if (request.type() == Nbd.CMD_FLUSH) {
      return 0;
    }
    long size = node.size();
    boolean within =
        request.offset() >= 0
            && request.length() >= 0
            && request.offset() <= size
            && request.length() <= size - request.offset();
    if (!within) {
      return request.type() == Nbd.CMD_WRITE || request.type() == Nbd.CMD_WRITE_ZEROES
          ? Nbd.ENOSPC
          : Nbd.EINVAL;
    }
    boolean asks = request.type() == Nbd.CMD_BLOCK_STATUS;
    return asks && (contexts.isEmpty() || request.length() == 0) ? Nbd.EINVAL : 0;
  }

  private int allowed(int type) {
    return switch (type) {
      case Nbd.CMD_READ -> Nbd.CMD_FLAG_FUA | (structured ? Nbd.CMD_FLAG_DF : 0);
      case Nbd.CMD_WRITE -> Nbd.CMD_FLAG_FUA | (extended ? Nbd.CMD_FLAG_PAYLOAD_LEN : 0);
      case Nbd.CMD_WRITE_ZEROES -> Nbd.CMD_FLAG_FUA | Nbd.CMD_FLAG_NO_HOLE | Nbd.CMD_FLAG_FAST_ZERO;
      case Nbd.CMD_BLOCK_STATUS -> Nbd.CMD_FLAG_FUA | Nbd.CMD_FLAG_REQ_ONE;
      default -> Nbd.CMD_FLAG_FUA;
    };
  }

  /** Does a request that {@link #refused} let pass, and answers. */
  void perform(Request request, MemorySegment bytes) throws IOException {
    try {
      switch (request.type()) {
        case Nbd.CMD_READ -> read(request, bytes);
        case Nbd.CMD_BLOCK_STATUS -> status(request);
        default -> {
          change(request, bytes);
          done(request);
        }
      }
    } catch (BlockException e) {
      fail(request, Nbd.error(e), String.valueOf(e.getMessage()));
    }
  }

  private void change(Request request, MemorySegment bytes) {
    long offset = request.offset();
    switch (request.type()) {
      case Nbd.CMD_WRITE -> node.write(offset, bytes);
      case Nbd.CMD_TRIM -> node.discard(offset, request.length());
      case Nbd.CMD_WRITE_ZEROES -> zero(request);
      case Nbd.CMD_FLUSH -> node.flush();
      default -> {} // CACHE is advice
    }
    boolean changed = request.type() != Nbd.CMD_FLUSH && request.type() != Nbd.CMD_CACHE;
    boolean through = request.has(Nbd.CMD_FLAG_FUA) || (changed && export.writethrough());
    if (through && export.canWrite()) {
      node.flush();
    }
  }

  private void zero(Request request) {
    boolean mayUnmap = !request.has(Nbd.CMD_FLAG_NO_HOLE);
    if (!request.has(Nbd.CMD_FLAG_FAST_ZERO)) {
      node.writeZeroes(request.offset(), request.length(), mayUnmap);
    } else if (!node.zeroQuickly(request.offset(), request.length(), mayUnmap)) {
      throw BlockException.notSupported("to make these bytes zero takes as long as to write them");
    }
  }

  private void read(Request request, MemorySegment bytes) throws IOException {
    if (!structured) {
      node.read(request.offset(), bytes);
      wire.send(simple(request, 0), bytes.asByteBuffer());
      return;
    }
    if (request.has(Nbd.CMD_FLAG_DF) || request.length() == 0) {
      node.read(request.offset(), bytes);
      data(request, 0, bytes, true);
      return;
    }
    long length = request.length();
    for (long at = 0; at < length; ) {
      Extent first = Extent.at(node, request.offset() + at, length - at);
      boolean hole = hole(first);
      long run = first.length();
      while (at + run < length) {
        Extent next = Extent.at(node, request.offset() + at + run, length - at - run);
        if (hole(next) != hole) {
          break;
        }
        run += next.length();
      }
      boolean last = at + run == length;
      if (hole) {
        hole(request, at, run, last);
      } else {
        MemorySegment part = bytes.asSlice(at, run);
        node.read(request.offset() + at, part);
        data(request, at, part, last);
      }
      at += run;
    }
  }

  private static boolean hole(Extent extent) {
    return extent.zero() && extent.length() >= MIN_HOLE;
  }

  private static ByteBuffer simple(Request request, int error) {
    return ByteBuffer.allocate(16)
        .putInt(Nbd.SIMPLE_REPLY_MAGIC)
        .putInt(error)
        .putLong(request.cookie())
        .flip();
  }

  /** A chunk's header, and room for so many bytes behind it. */
  private ByteBuffer chunk(Request request, int type, long payload, boolean last, int room) {
    ByteBuffer out = ByteBuffer.allocate((extended ? 32 : 20) + room);
    out.putInt(extended ? Nbd.EXTENDED_REPLY_MAGIC : Nbd.STRUCTURED_REPLY_MAGIC);
    out.putShort((short) (last ? Nbd.REPLY_FLAG_DONE : 0)).putShort((short) type);
    out.putLong(request.cookie());
    if (extended) {
      return out.putLong(request.offset()).putLong(payload);
    }
    return out.putInt((int) payload);
  }

  private void data(Request request, long at, MemorySegment bytes, boolean last)
      throws IOException {
    if (bytes.byteSize() == 0) {
      done(request);
      return;
    }
    ByteBuffer header =
        chunk(request, Nbd.REPLY_OFFSET_DATA, 8 + bytes.byteSize(), last, 8)
            .putLong(request.offset() + at)
            .flip();
    wire.send(header, bytes.asByteBuffer());
  }

  private void hole(Request request, long at, long length, boolean last) throws IOException {
    wire.send(
        chunk(request, Nbd.REPLY_OFFSET_HOLE, 12, last, 12)
            .putLong(request.offset() + at)
            .putInt((int) length)
            .flip());
  }

  private void done(Request request) throws IOException {
    // A simple reply will do for what has no data, unless all are extended.
    boolean chunk = extended || (structured && request.type() == Nbd.CMD_READ);
    wire.send(chunk ? chunk(request, Nbd.REPLY_NONE, 0, true, 0).flip() : simple(request, 0));
  }

  void fail(Request request, int error, String text) throws IOException {
    if (!structured) {
      wire.send(simple(request, error));
      return;
    }
    byte[] message = text.getBytes(StandardCharsets.UTF_8);
    int length = Math.min(message.length, 1000);
    wire.send(
        chunk(request, Nbd.REPLY_ERROR, 6 + length, true, 6 + length)
            .putInt(error)
            .putShort((short) length)
            .put(message, 0, length)
            .flip());
  }

  private void status(Request request) throws IOException {
    for (int id = 0; id < contexts.size(); id++) {
      List<NbdConnection.Run> runs = runs(contexts.get(id), request);
      int each = extended ? 16 : 8;
      int payload = (extended ? 8 : 4) + each * runs.size();
      int type = extended ? Nbd.REPLY_BLOCK_STATUS_EXT : Nbd.REPLY_BLOCK_STATUS;
      ByteBuffer out = chunk(request, type, payload, id == contexts.size() - 1, payload);
      out.putInt(id);
      if (extended) {
        out.putInt(runs.size());
      }
      for (NbdConnection.Run run : runs) {
        if (extended) {
          out.putLong(run.length()).putLong(run.flags());
        } else {
          out.putInt((int) run.length()).putInt((int) run.flags());
        }
      }
      wire.send(out.flip());
    }
  }

  private List<NbdConnection.Run> runs(MetaContext context, Request request) {
    var runs = new ArrayList<NbdConnection.Run>();
    int most = request.has(Nbd.CMD_FLAG_REQ_ONE) ? 1 : MAX_EXTENTS;
    long length = request.length();
    int steps = 0;
    for (long at = 0; at < length && steps < MAX_STEPS; steps++) {
      NbdConnection.Run run = context.source().run(node, request.offset() + at, length - at);
      NbdConnection.Run before = runs.isEmpty() ? null : runs.getLast();
      if (before != null && before.flags() == run.flags()) {
        runs.set(
            runs.size() - 1, new NbdConnection.Run(before.length() + run.length(), run.flags()));
      } else if (runs.size() < most) {
        runs.add(run);
      } else {
        break;
      }
      at += run.length();
    }
    return runs;
  }
}
