package dev.kasuari.img.io;

import dev.kasuari.block.BlockException;
import dev.kasuari.block.BlockNode;
import dev.kasuari.block.ImageNode;
import dev.kasuari.img.io.IoCommand.Needs;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** {@code write}, {@code writev}, {@code aio_write} and {@code discard}. */
final class WriteCommands {
  /** What is written if nothing else is said. */
  private static final byte PATTERN = (byte) 0xcd;

  private WriteCommands() {}

  static List<IoCommand> all() {
    return List.of(
        new IoCommand(
            "aio_write",
            "",
            2,
            -1,
            Needs.WRITABLE,
            "CfiP:quz",
            "[-Cfiquz] [-P pattern] off len [len..]",
            "starts writing bytes from so many buffers",
            WriteCommands::aioWrite),
        new IoCommand(
            "discard",
            "d",
            2,
            -1,
            Needs.WRITABLE,
            "Cq",
            "[-Cq] off len",
            "gives the room of bytes back",
            WriteCommands::discard),
        new IoCommand(
            "write",
            "w",
            2,
            -1,
            Needs.WRITABLE,
            "bcCfnpP:qs:uz",
            "[-bcCfnquz] [-P pattern | -s source_file] off len",
            "writes bytes",
            WriteCommands::write),
        new IoCommand(
            "writev",
            "",
            2,
            -1,
            Needs.WRITABLE,
            "CfqP:",
            "[-Cfq] [-P pattern] off len [len..]",
            "writes bytes from so many buffers",
            WriteCommands::writev));
  }

  private static byte pattern(Words words) {
    String text = words.value('P');
    return text == null ? PATTERN : Numbers.pattern(text);
  }

  private static void refuseContradictions(Words words) {
    if (words.has('b') && words.has('z')) {
      throw IoException.result("-b and -z cannot be specified at the same time");
    }
    if (words.has('f') && (words.has('b') || words.has('c'))) {
      throw IoException.result("-f and -b or -c cannot be specified at the same time");
    }
    if (words.has('n') && !words.has('z')) {
      throw IoException.result("-n requires -z to be specified");
    }
    if (words.has('u') && !words.has('z')) {
      throw IoException.result("-u requires -z to be specified");
    }
    int contents = (words.has('z') ? 1 : 0) + (words.has('P') ? 1 : 0) + (words.has('s') ? 1 : 0);
    if (contents > 1) {
      throw IoException.result("Only one of -z, -P, and -s can be specified at the same time");
    }
  }

  private static void write(IoSession session, Words words) {
    byte pattern = pattern(words);
    if (words.rest().size() != 2) {
      throw IoException.usage();
    }
    refuseContradictions(words);
    long offset = Numbers.size(words.rest().getFirst());
    long count =
        words.has('n')
            ? Numbers.size(words.rest().get(1))
            : Numbers.length(words.rest().get(1), " without -n");
    if (words.has('b') || words.has('c')) {
      ReadCommands.requireSectors(offset, count);
    }
    String source = words.value('s');
    byte[] content = source == null ? null : contentOf(source);
    long[] took = new long[1];
    BlockNode node = session.node();
    if (words.has('z')) {
      took[0] = zeroed("write", node, words, offset, count);
    } else {
      IoSession.withBuffer(
          count,
          buffer -> {
            fill(buffer, content, pattern);
            took[0] = timed("write", () -> put(node, words, offset, buffer));
          });
    }
    report(session, words, "wrote", offset, count, took[0]);
  }

  private static void report(
      IoSession session, Words words, String verb, long offset, long count, long took) {
    if (!words.has('q')) {
      Report.statistics(session.out(), verb, offset, count, count, took, words.has('C'));
    }
  }

  private static byte[] contentOf(String path) {
    try (var in = Files.newInputStream(Path.of(path))) {
      byte[] bytes = in.readNBytes((int) Numbers.MAX_REQUEST);
      if (bytes.length == 0) {
        throw IoException.complaint(path + ": file is empty");
      }
      return bytes;
    } catch (NoSuchFileException e) {
      throw IoException.complaint(path + ": No such file or directory");
    } catch (IOException e) {
      throw IoException.complaint(path + ": " + e.getMessage());
    }
  }

  private static void fill(MemorySegment buffer, byte @Nullable [] content, byte pattern) {
    if (content == null) {
      buffer.fill(pattern);
      return;
    }
    for (long at = 0; at < buffer.byteSize(); at += content.length) {
      int length = (int) Math.min(content.length, buffer.byteSize() - at);
      MemorySegment.copy(content, 0, buffer, ValueLayout.JAVA_BYTE, at, length);
    }
  }

  private static IoException failed(String what, BlockException.Kind kind) {
    return IoException.result(what + " failed: " + kind.text());
  }

  private static long timed(String what, BlockNode node, long offset, long count, Runnable body) {
    return timed(
        what,
        () -> {
          IoSession.requireWithin(node, offset, count);
          body.run();
        });
  }

  private static long timed(String what, Runnable body) {
    try {
      long start = System.nanoTime();
      body.run();
      return System.nanoTime() - start;
    } catch (BlockException e) {
      throw failed(what, e.kind());
    }
  }

  private static void put(BlockNode node, Words words, long offset, MemorySegment buffer) {
    if (words.has('b')) {
      ReadCommands.stateOf(node).writeState(offset, buffer);
      return;
    }
    IoSession.requireWithin(node, offset, buffer.byteSize());
    if (words.has('c')) {
      compressed(node, offset, buffer);
    } else {
      plain(node, words, offset, buffer);
    }
  }

  private static void plain(BlockNode node, Words words, long offset, MemorySegment buffer) {
    node.write(offset, buffer);
    if (words.has('f')) {
      node.flush();
    }
  }

  private static long zeroed(String what, BlockNode node, Words words, long offset, long count) {
    return timed(
        what,
        node,
        offset,
        count,
        () -> {
          if (!words.has('n')) {
            node.writeZeroes(offset, count, words.has('u'));
          } else if (!node.zeroQuickly(offset, count, words.has('u'))) {
            throw BlockException.notSupported("zeroes without writing them");
          }
          if (words.has('f')) {
            node.flush();
          }
        });
  }

  private static void compressed(BlockNode node, long offset, MemorySegment buffer) {
    if (!(node.image() instanceof ImageNode image) || !image.compresses()) {
      throw BlockException.notSupported("no compression");
    }
    int unit = Math.max(512, image.facts().clusterSize());
    long end = offset + buffer.byteSize();
    if (offset % unit != 0 || (end % unit != 0 && end != node.size())) {
      throw BlockException.invalid("no whole clusters");
    }
    for (long at = 0; at < buffer.byteSize(); at += unit) {
      image.writeCompressed(
          offset + at, buffer.asSlice(at, Math.min(unit, buffer.byteSize() - at)));
    }
  }

  private static void writev(IoSession session, Words words) {
    byte pattern = pattern(words);
    List<String> rest = words.rest();
    if (rest.size() < 2) {
      throw IoException.usage();
    }
    long offset = Numbers.size(rest.getFirst());
    long count = ReadCommands.total(rest.subList(1, rest.size()));
    BlockNode node = session.node();
    IoSession.withBuffer(
        count,
        buffer -> {
          buffer.fill(pattern);
          long took =
              timed("writev", node, offset, count, () -> plain(node, words, offset, buffer));
          report(session, words, "wrote", offset, count, took);
        });
  }

  private static void aioWrite(IoSession session, Words words) {
    byte pattern = pattern(words);
    List<String> rest = words.rest();
    if (words.has('i')) {
      session.out().println("injecting invalid write request");
      return;
    }
    if (rest.size() < 2) {
      throw IoException.usage();
    }
    if (words.has('z') && rest.size() != 2) {
      throw IoException.result("-z supports only a single length parameter");
    }
    if (words.has('u') && !words.has('z')) {
      throw IoException.result("-u requires -z to be specified");
    }
    if (words.has('z') && words.has('P')) {
      throw IoException.result("-z and -P cannot be specified at the same time");
    }
    long offset = Numbers.size(rest.getFirst());
    long count = ReadCommands.total(rest.subList(1, rest.size()));
    BlockNode node = session.node();
    session.start(() -> {
      var text = new Spool(session);
      try {
        if (words.has('z')) {
          long took = zeroed("aio_write", node, words, offset, count);
          report(text.session(), words, "wrote", offset, count, took);
        } else {
          IoSession.withBuffer(
              count,
              buffer -> {
                buffer.fill(pattern);
                long took =
                    timed(
                        "aio_write", node, offset, count, () -> plain(node, words, offset, buffer));
                report(text.session(), words, "wrote", offset, count, took);
              });
        }
      } catch (IoException e) {
        text.session().out().println(e.getMessage());
      }
      return text;
    });
  }

  private static void discard(IoSession session, Words words) {
    if (words.rest().size() != 2) {
      throw IoException.usage();
    }
    long offset = Numbers.size(words.rest().getFirst());
    long count = Numbers.length(words.rest().get(1));
    BlockNode node = session.node();
    long took = timed("discard", node, offset, count, () -> node.discard(offset, count));
    report(session, words, "discard", offset, count, took);
  }
}
