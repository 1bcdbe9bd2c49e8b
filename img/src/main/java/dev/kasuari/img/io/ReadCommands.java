package dev.kasuari.img.io;

import dev.kasuari.block.BlockException;
import dev.kasuari.block.BlockNode;
import dev.kasuari.block.ImageNode;
import dev.kasuari.img.io.IoCommand.Needs;
import java.lang.foreign.MemorySegment;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** {@code read}, {@code readv} and {@code aio_read}. */
final class ReadCommands {
  private ReadCommands() {}

  static List<IoCommand> all() {
    return List.of(
        new IoCommand(
            "aio_read",
            "",
            2,
            -1,
            Needs.IMAGE,
            "CP:iqv",
            "[-Ciqv] [-P pattern] off len [len..]",
            "starts reading bytes into so many buffers",
            ReadCommands::aioRead),
        new IoCommand(
            "read",
            "r",
            2,
            -1,
            Needs.IMAGE,
            "bCl:pP:qs:v",
            "[-abCqv] [-P pattern [-s off] [-l len]] off len",
            "reads bytes",
            ReadCommands::read),
        new IoCommand(
            "readv",
            "",
            2,
            -1,
            Needs.IMAGE,
            "CP:qv",
            "[-Cqv] [-P pattern] off len [len..]",
            "reads bytes into so many buffers",
            ReadCommands::readv));
  }

  /** What is to be checked and shown of bytes that were read. */
  private record Wish(
      @Nullable Byte pattern,
      long from,
      long length,
      boolean show,
      boolean quiet,
      boolean machine) {

    void report(
        IoSession session, String verb, MemorySegment bytes, long offset, long nanoseconds) {
      if (pattern != null && !Report.all(bytes.asSlice(from, length), pattern)) {
        session
            .out()
            .println(
                "Pattern verification failed at offset "
                    + (offset + from)
                    + ", "
                    + length
                    + " bytes");
        session.fail();
      }
      if (quiet) {
        return;
      }
      if (show) {
        Report.dump(session.out(), bytes, offset);
      }
      long count = bytes.byteSize();
      Report.statistics(session.out(), verb, offset, count, count, nanoseconds, machine);
    }
  }

  private static Wish wish(Words words, long from, long length) {
    String text = words.value('P');
    return new Wish(
        text == null ? null : Numbers.pattern(text),
        from,
        length,
        words.has('v'),
        words.has('q'),
        words.has('C'));
  }

  private static void read(IoSession session, Words words) {
    String patternText = words.value('P');
    if (patternText != null) {
      Numbers.pattern(patternText);
    }
    String lengthText = words.value('l');
    String fromText = words.value('s');
    long asked = lengthText == null ? 0 : Numbers.size(lengthText);
    long from = fromText == null ? 0 : Numbers.size(fromText);
    if (words.rest().size() != 2) {
      throw IoException.usage();
    }
    long offset = Numbers.size(words.rest().getFirst());
    long count = Numbers.length(words.rest().get(1));
    if (patternText == null && (lengthText != null || fromText != null)) {
      throw IoException.usage();
    }
    long length = lengthText == null ? count - from : asked;
    if (length < 0 || from > count - length) {
      throw IoException.result("pattern verification range exceeds end of read data");
    }
    if (words.has('b')) {
      requireSectors(offset, count);
    }
    IoSession.withBuffer(
        count,
        buffer -> {
          long start = System.nanoTime();
          if (words.has('b')) {
            fillState(session.node(), offset, buffer);
          } else {
            fill(session.node(), "read", offset, buffer);
          }
          wish(words, from, length)
              .report(session, "read", buffer, offset, System.nanoTime() - start);
        });
  }

  static void requireSectors(long offset, long count) {
    if (offset % 512 != 0) {
      throw IoException.result(offset + " is not a sector-aligned value for 'offset'");
    }
    if (count % 512 != 0) {
      throw IoException.result(count + " is not a sector-aligned value for 'count'");
    }
  }

  private static void fill(BlockNode node, String what, long offset, MemorySegment buffer) {
    try {
      IoSession.requireWithin(node, offset, buffer.byteSize());
      node.read(offset, buffer);
    } catch (BlockException e) {
      throw IoException.result(what + " failed: " + e.kind().text());
    }
  }

  private static void fillState(BlockNode node, long offset, MemorySegment buffer) {
    try {
      stateOf(node).readState(offset, buffer);
    } catch (BlockException e) {
      throw IoException.result("read failed: " + e.kind().text());
    }
  }

  /** The image, of those that a node is made of, that has a place for a machine's state. */
  static ImageNode stateOf(BlockNode node) {
    for (BlockNode at = node; at != null; at = below(at)) {
      if (at instanceof ImageNode image && image.keepsState()) {
        return image;
      }
    }
    throw BlockException.notSupported("no place for a machine's state");
  }

  private static @Nullable BlockNode below(BlockNode node) {
    BlockNode filtered = node.filtered();
    return filtered == null ? node.child("file") : filtered;
  }

  /** The length of all buffers together. */
  static long total(List<String> lengths) {
    long sum = 0;
    for (String text : lengths) {
      sum += Numbers.length(text);
    }
    if (sum > Numbers.MAX_REQUEST) {
      throw IoException.result(
          "The total number of bytes exceed the maximum size " + Numbers.MAX_REQUEST);
    }
    return sum;
  }

  private static void readv(IoSession session, Words words) {
    Wish first = wish(words, 0, 0);
    List<String> rest = words.rest();
    if (rest.size() < 2) {
      throw IoException.usage();
    }
    long offset = Numbers.size(rest.getFirst());
    long count = total(rest.subList(1, rest.size()));
    Wish wish = new Wish(first.pattern, 0, count, first.show, first.quiet, first.machine);
    IoSession.withBuffer(
        count,
        buffer -> {
          long start = System.nanoTime();
          fill(session.node(), "readv", offset, buffer);
          wish.report(session, "read", buffer, offset, System.nanoTime() - start);
        });
  }

  private static void aioRead(IoSession session, Words words) {
    Wish first = wish(words, 0, 0);
    List<String> rest = words.rest();
    if (words.has('i')) {
      session.out().println("injecting invalid read request");
      return;
    }
    if (rest.size() < 2) {
      throw IoException.usage();
    }
    long offset = Numbers.size(rest.getFirst());
    long count = total(rest.subList(1, rest.size()));
    Wish wish = new Wish(first.pattern, 0, count, first.show, first.quiet, first.machine);
    BlockNode node = session.node();
    session.start(() -> {
      var text = new Spool(session);
      try {
        IoSession.withBuffer(
            count,
            buffer -> {
              long start = System.nanoTime();
              fill(node, "readv", offset, buffer);
              wish.report(text.session(), "read", buffer, offset, System.nanoTime() - start);
            });
      } catch (IoException e) {
        text.session().out().println(e.getMessage());
      }
      return text;
    });
  }
}
