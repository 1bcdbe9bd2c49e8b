package dev.kasuari.img.io;

import dev.kasuari.block.BlockException;
import dev.kasuari.block.BlockNode;
import dev.kasuari.block.BlockStatus;
import dev.kasuari.block.ImageNode;
import dev.kasuari.block.Preallocation;
import dev.kasuari.img.HumanInfo;
import dev.kasuari.img.ToolException;
import dev.kasuari.img.io.IoCommand.Needs;
import dev.kasuari.qapi.Json;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Commands about the image as a whole. */
final class ImageCommands {
  private ImageCommands() {}

  private static IoCommand command(
      String name,
      String alias,
      int least,
      int most,
      Needs needs,
      String syntax,
      String doc,
      IoCommand.Body body) {
    String letters = name.equals("truncate") ? "m:" : "";
    return new IoCommand(name, alias, least, most, needs, letters, syntax, doc, body);
  }

  static List<IoCommand> all() {
    return List.of(
        command(
            "aio_flush",
            "",
            0,
            0,
            Needs.IMAGE,
            "",
            "waits for all requests that were started",
            (s, w) -> s.drain()),
        command(
            "alloc",
            "a",
            1,
            2,
            Needs.IMAGE,
            "offset [count]",
            "says how many of these bytes the image itself has",
            ImageCommands::alloc),
        command("close", "c", 0, 0, Needs.IMAGE, "", "closes the image", (s, w) -> s.closeImage()),
        command(
            "flush",
            "f",
            0,
            0,
            Needs.IMAGE,
            "",
            "brings what was written to the medium",
            ImageCommands::flush),
        command("info", "i", 0, 0, Needs.IMAGE, "", "says what the image is", ImageCommands::info),
        command(
            "length",
            "l",
            0,
            0,
            Needs.IMAGE,
            "",
            "says how long the disk is",
            (s, w) -> s.out().println(Numbers.human(s.node().size()))),
        command(
            "map",
            "",
            0,
            0,
            Needs.IMAGE,
            "",
            "says which bytes the image itself has",
            ImageCommands::map),
        new IoCommand(
            "open",
            "o",
            1,
            -1,
            Needs.NOTHING,
            "d:i:nCro:ksUt:",
            "[-rsCnkU] [-t cache] [-d discard] [-o options] [path]",
            "opens an image",
            ImageCommands::open),
        new IoCommand(
            "reopen",
            "",
            0,
            -1,
            Needs.IMAGE,
            "c:o:rw",
            "[(-r|-w)] [-c cache] [-o options]",
            "opens the image in another way",
            ReopenCommand::reopen),
        command(
            "truncate",
            "t",
            1,
            3,
            Needs.WRITABLE,
            "[-m prealloc_mode] off",
            "makes the disk that long",
            ImageCommands::truncate));
  }

  private static void alloc(IoSession session, Words words) {
    BlockNode node = session.node();
    long offset = Numbers.size(words.rest().getFirst());
    long asked = words.rest().size() > 1 ? Numbers.size(words.rest().get(1)) : 512;
    long count = Math.max(0, Math.min(asked, node.size() - offset));
    long sum = 0;
    for (long at = 0; at < count; ) {
      BlockStatus status = node.status(offset + at, count - at);
      sum += status.allocated() ? status.length() : 0;
      at += status.length();
    }
    session
        .out()
        .println(sum + "/" + count + " bytes allocated at offset " + Numbers.human(offset));
  }

  private static void map(IoSession session, Words words) {
    BlockNode node = session.node();
    long size = node.size();
    for (long at = 0; at < size; ) {
      long start = at;
      boolean allocated = node.status(at, size - at).allocated();
      while (at < size) {
        BlockStatus status = node.status(at, size - at);
        if (status.allocated() != allocated) {
          break;
        }
        at += status.length();
      }
      session
          .out()
          .println(
              "%s (0x%x) bytes %s allocated at offset %s (0x%x)"
                  .formatted(
                      Numbers.human(at - start),
                      at - start,
                      allocated ? "   " : "not",
                      Numbers.human(start),
                      start));
    }
  }

  private static void flush(IoSession session, Words words) {
    try {
      session.node().flush();
    } catch (BlockException e) {
      throw IoException.result("flush failed: " + e.kind().text());
    }
  }

  private static void info(IoSession session, Words words) {
    BlockNode node = session.node().image();
    ImageNode.@Nullable Facts facts = node instanceof ImageNode image ? image.facts() : null;
    session.out().println("format name: " + node.driver());
    int cluster = facts == null ? 0 : facts.clusterSize();
    session.out().println("cluster size: " + Numbers.human(cluster));
    long state = node instanceof ImageNode image ? image.stateOffset() : 0;
    session.out().println("vm state offset: " + Numbers.human(state));
    if (facts != null && !facts.specific().members().isEmpty()) {
      new HumanInfo(session.out()).specific(facts.specific());
    }
  }

  private static void truncate(IoSession session, Words words) {
    String mode = words.value('m');
    Preallocation preallocation = Preallocation.OFF;
    if (mode != null) {
      try {
        preallocation = Preallocation.valueOf(mode.toUpperCase(Locale.ROOT));
      } catch (IllegalArgumentException e) {
        throw session.complaint("Invalid preallocation mode '" + mode + "'");
      }
    }
    if (words.rest().isEmpty()) {
      throw IoException.usage();
    }
    long size = Numbers.size(words.rest().getFirst());
    try {
      session.node().truncate(size, preallocation);
    } catch (BlockException e) {
      throw session.complaint(String.valueOf(e.getMessage()));
    }
  }

  private static void open(IoSession session, Words words) {
    String options = words.value('o');
    List<String> rest = words.rest();
    if (rest.size() > 1 || (rest.isEmpty() && options == null)) {
      throw IoException.usage();
    }
    if (session.image() != null) {
      throw session.complaint("file open already, try 'help close'");
    }
    String cache = words.has('n') ? "none" : words.value('t');
    String discard = words.value('d');
    var how =
        new OpenImage.How(
            rest.isEmpty() ? null : rest.getFirst(),
            null,
            options == null ? new Json.Members(Map.of()) : OpenImage.options(options),
            words.has('r'),
            words.has('s'),
            words.has('U'),
            words.has('C'),
            cache == null ? "writeback" : cache,
            discard == null ? "unmap" : discard,
            List.of());
    try {
      session.image(OpenImage.open(how, session));
    } catch (ToolException e) {
      throw session.complaint(String.valueOf(e.getMessage()));
    }
  }
}
