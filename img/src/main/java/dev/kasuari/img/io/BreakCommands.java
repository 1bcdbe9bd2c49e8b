package dev.kasuari.img.io;

import dev.kasuari.block.BlockException.Kind;
import dev.kasuari.block.BlockNode;
import dev.kasuari.block.filter.BlkdebugNode;
import dev.kasuari.img.io.IoCommand.Needs;
import dev.kasuari.qapi.OptionException;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** Commands that hold requests where a {@code blkdebug} filter sees them. */
final class BreakCommands {
  private BreakCommands() {}

  static List<IoCommand> all() {
    return List.of(
        command(
            "break", 2, "event tag", "has requests wait where that happens", BreakCommands::hold),
        command("remove_break", 1, "tag", "forgets where requests wait", BreakCommands::remove),
        command("resume", 1, "tag", "lets a request go on", BreakCommands::resume),
        command("wait_break", 1, "tag", "waits until a request waits", BreakCommands::waitFor));
  }

  private static IoCommand command(
      String name, int words, String syntax, String doc, IoCommand.Body body) {
    return new IoCommand(name, "", words, words, Needs.IMAGE, "", syntax, doc, body);
  }

  private static @Nullable BlkdebugNode filter(IoSession session) {
    for (BlockNode node : session.node().tree()) {
      if (node instanceof BlkdebugNode filter) {
        return filter;
      }
    }
    return null;
  }

  private static IoException failed(String what, Kind kind) {
    return IoException.result(what + ": " + kind.text());
  }

  private static void hold(IoSession session, Words words) {
    BlkdebugNode filter = filter(session);
    if (filter == null) {
      throw failed("Could not set breakpoint", Kind.NOT_SUPPORTED);
    }
    try {
      filter.breakpoint(words.rest().getFirst(), words.rest().get(1));
    } catch (OptionException e) {
      throw failed("Could not set breakpoint", Kind.NOT_FOUND);
    }
  }

  private static void remove(IoSession session, Words words) {
    String tag = words.rest().getFirst();
    BlkdebugNode filter = filter(session);
    if (filter == null || !filter.resume(tag)) {
      throw failed(
          "Could not remove breakpoint " + tag,
          filter == null ? Kind.NOT_SUPPORTED : Kind.NOT_FOUND);
    }
  }

  private static void resume(IoSession session, Words words) {
    BlkdebugNode filter = filter(session);
    if (filter == null || !filter.resume(words.rest().getFirst())) {
      throw failed(
          "Could not resume request", filter == null ? Kind.NOT_SUPPORTED : Kind.NOT_FOUND);
    }
  }

  private static void waitFor(IoSession session, Words words) {
    BlkdebugNode filter = filter(session);
    if (filter == null) {
      throw failed("Could not wait for a request", Kind.NOT_SUPPORTED);
    }
    try {
      while (!filter.held(words.rest().getFirst())) {
        TimeUnit.MILLISECONDS.sleep(1);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
