package dev.kasuari.img.io;

import dev.kasuari.block.Access;
import dev.kasuari.block.BlockException;
import dev.kasuari.block.BlockNode;
import dev.kasuari.block.Drivers;
import dev.kasuari.img.Session;
import dev.kasuari.img.ToolException;
import dev.kasuari.qapi.Json;
import dev.kasuari.qapi.OptionException;
import dev.kasuari.qapi.OptionSource;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** An image, and how it was opened, so that it can be opened otherwise. */
final class OpenImage implements AutoCloseable {
  /**
   * What is opened, and how.
   *
   * @param filename or null if options say all
   * @param format or null to find it out
   * @param options of the node, or none
   * @param readOnly refuse writes
   * @param snapshot write to a file that is forgotten
   * @param share without locks
   * @param copyOnRead write into the image what is read from those behind it
   * @param cache mode
   * @param discard mode
   * @param objects what options refer to
   */
  record How(
      @Nullable String filename,
      @Nullable String format,
      Json.Members options,
      boolean readOnly,
      boolean snapshot,
      boolean share,
      boolean copyOnRead,
      String cache,
      String discard,
      List<String> objects) {

    How withCache(String mode) {
      return new How(
          filename, format, options, readOnly, snapshot, share, copyOnRead, mode, discard, objects);
    }

    How withReadOnly(boolean value) {
      return new How(
          filename, format, options, value, snapshot, share, copyOnRead, cache, discard, objects);
    }

    How withOptions(Json.Members all) {
      return new How(
          filename, format, all, readOnly, snapshot, share, copyOnRead, cache, discard, objects);
    }

    private Access access() {
      boolean unmap =
          switch (discard) {
            case "unmap", "on" -> true;
            case "ignore", "off" -> false;
            default -> throw new ToolException("Invalid discard option: " + discard);
          };
      Access access = Session.cache(Access.read(), cache).withUnmap(unmap);
      return access.withWritable(!readOnly).withForceShare(share);
    }
  }

  private final How how;
  private final Session session;
  private final BlockNode node;

  private OpenImage(How how, Session session, BlockNode node) {
    this.how = how;
    this.session = session;
    this.node = node;
  }

  /**
   * Opens an image.
   *
   * @param io where warnings go
   * @throws ToolException what is wrong
   */
  static OpenImage open(How how, IoSession io) {
    Access access = how.access();
    Session session = prepared(how, io);
    try {
      return open(how, access, session);
    } catch (BlockException | OptionException | ToolException e) {
      String name = how.filename() == null ? "" : " device " + how.filename();
      throw new ToolException("can't open" + name + ": " + e.getMessage());
    }
  }

  /** The same, with complaints that say nothing of opening. */
  static OpenImage openAgain(How how, IoSession io) {
    return open(how, how.access(), prepared(how, io));
  }

  /** Has the objects that options name, and warns where complaints go. */
  private static Session prepared(How how, IoSession io) {
    Session session = new Session();
    session.warnTo(io.err(), io.program());
    session.define(how.objects());
    return session;
  }

  private static OpenImage open(How how, Access access, Session session) {
    try {
      if (how.share() && !how.readOnly()) {
        throw new BlockException(
            BlockException.Kind.INVALID, "force-share=on can only be used with read-only images");
      }
      if (how.copyOnRead() && how.readOnly()) {
        throw BlockException.invalid("Can't use copy-on-read on read-only device");
      }
      BlockNode node =
          how.snapshot()
              ? session.forgetting(opened(session, how, access.withWritable(false)))
              : opened(session, how, access);
      if (how.copyOnRead()) {
        node = session.copyingOnRead(node);
      }
      return new OpenImage(how, session, node);
    } catch (BlockException | OptionException | ToolException e) {
      session.close();
      throw e;
    }
  }

  private static BlockNode opened(Session session, How how, Access access) {
    if (how.format() != null) {
      requireDriver(how.format());
    }
    String name = how.filename();
    if (how.options().members().isEmpty()) {
      return session.open(String.valueOf(name), how.format(), false, access, "");
    }
    var members = new LinkedHashMap<>(how.options().members());
    String given = members.get("driver") instanceof Json.Text text ? text.value() : how.format();
    if (name != null) {
      String driver = given == null ? probed(name, access) : given;
      requireDriver(driver);
      members.put("driver", new Json.Text(driver));
      var file = new Json.Members(Map.of("filename", new Json.Text(name)));
      if (!Drivers.named("", driver).isFormat()) {
        merge(members, file);
      } else if (!(members.get("file") instanceof Json.Text)) { // the name of a node
        merge(members, new Json.Members(Map.of("file", file)));
      }
    } else if (given == null && members.get("file") != null) {
      return session.open("json:" + new Json.Members(members), null, false, access, "");
    } else if (given != null) {
      requireDriver(given);
    }
    var source = new OptionSource("", new Json.Members(members), false, Set.of());
    return session.use(session.graph().open(source, access), access);
  }

  /** {@code key=value,...} as options of a node. */
  static Json.Members options(String text) {
    return OptionSource.of("", text, "").tree();
  }

  /** Options with others added, which take the place of those of the same name. */
  static Json.Members merged(Json.Members options, Json.Members more) {
    var all = new LinkedHashMap<>(options.members());
    merge(all, more);
    return new Json.Members(all);
  }

  private static void merge(Map<String, Json> all, Json.Members more) {
    more.members()
        .forEach((key, value) ->
            all.merge(
                key,
                value,
                (a, b) ->
                    a instanceof Json.Members inner && b instanceof Json.Members further
                        ? merged(inner, further)
                        : b));
  }

  private static void requireDriver(String name) {
    if (Drivers.find(name) == null) {
      throw new ToolException("Unknown driver '" + name + "'");
    }
  }

  private static String probed(String name, Access access) {
    try (Session looking = new Session()) {
      return looking.open(name, null, false, access.withWritable(false), "").driver();
    }
  }

  How how() {
    return how;
  }

  BlockNode node() {
    return node;
  }

  @Override
  public void close() {
    session.close();
  }
}
