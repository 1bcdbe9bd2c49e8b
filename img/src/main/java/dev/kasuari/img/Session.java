package dev.kasuari.img;

import dev.kasuari.block.Access;
import dev.kasuari.block.BlockException;
import dev.kasuari.block.BlockGraph;
import dev.kasuari.block.BlockNode;
import dev.kasuari.block.Child;
import dev.kasuari.block.Drivers;
import dev.kasuari.block.ImageCreator;
import dev.kasuari.block.Making;
import dev.kasuari.block.Permission;
import dev.kasuari.block.object.UserObjects;
import dev.kasuari.qapi.Json;
import dev.kasuari.qapi.OptionException;
import dev.kasuari.qapi.OptionSource;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The images that a command has open, and the objects that they refer to. */
public final class Session implements AutoCloseable {
  private final BlockGraph graph;
  private final List<Child> uses = new ArrayList<>();

  /** Nothing is open, and there are no objects. */
  public Session() {
    this(new UserObjects());
  }

  /** Nothing is open yet. */
  Session(UserObjects objects) {
    graph = new BlockGraph(objects);
  }

  /** Nothing is open yet; the objects are those of {@code --object}, warnings go to {@code err}. */
  Session(Arguments a, PrintStream err) {
    this(a.objects());
    a.refuseFormatOfOptions();
    warnTo(err, "kasuari-img");
  }

  /** The graph. */
  public BlockGraph graph() {
    return graph;
  }

  /** Has warnings printed. */
  public void warnTo(PrintStream err, String program) {
    graph.onWarning(text -> err.println(program + ": warning: " + text));
  }

  /** Makes objects that images refer to ({@code --object}). */
  public void define(List<String> objects) {
    objects.forEach(o -> graph.objects().add("--object", o));
  }

  /**
   * Opens an image.
   *
   * @param format or null to find it out
   * @param options whether the name is options of a node ({@code --image-opts})
   */
  public BlockNode open(String name, @Nullable String format, boolean options, Access access) {
    return open(name, format, options, access, "Could not open '" + name + "'");
  }

  /**
   * Opens an image.
   *
   * @param attempt what a complaint begins with; nothing for the complaint alone
   */
  public BlockNode open(
      String name, @Nullable String format, boolean options, Access access, String attempt) {
    if (access.forceShare() && access.writable()) {
      throw new ToolException(
          (attempt.isEmpty() ? "" : attempt + ": ")
              + "force-share=on can only be used with read-only images");
    }
    try {
      BlockNode node =
          options
              ? graph.openImage("", null, OptionSource.of("", name, "driver").tree(), access)
              : graph.openFile("", name, format, access);
      return use(node, access);
    } catch (BlockException e) {
      throw attempt.isEmpty() ? e : e.in(attempt);
    } catch (OptionException e) {
      throw new ToolException(attempt + ": " + e.getMessage());
    }
  }

  /** Uses a node that was opened otherwise. */
  public BlockNode use(BlockNode node, Access access) {
    uses.add(
        graph.use("this command", node, BlockGraph.takenBy(access), BlockGraph.sharedBy(access)));
    return node;
  }

  /** An image whose backing file is {@code behind}, and which is gone with the program. */
  public BlockNode forgetting(BlockNode behind) {
    try {
      Path overlay = Files.createTempFile("kasuari", ".qcow2");
      try {
        Access fast = Access.write().withCache(true, false);
        BlockNode made = open(overlay.toString(), "file", false, fast);
        create(Drivers.named("", "qcow2").creator(), overlay.toString(), made, behind.size());
        close(made);
        BlockNode file = graph.openFile("", overlay.toString(), "file", fast);
        var options = new Json.Members(Map.of("driver", new Json.Text("qcow2")));
        var slots = Map.of("file", file, "backing", behind);
        return use(graph.open(OptionSource.of("", options), fast, slots), fast);
      } finally {
        Files.delete(overlay); // what is open stays until it is closed
      }
    } catch (IOException e) {
      throw new ToolException("Could not get temporary filename: " + e.getMessage());
    }
  }

  /** Puts a filter over an open image that writes into it what is read from those behind it. */
  public BlockNode copyingOnRead(BlockNode image) {
    Access access = image.access();
    Child kept = graph.use("this command", image, Permission.none(), Permission.all());
    try {
      close(image);
      var options = new Json.Members(Map.of("driver", new Json.Text("copy-on-read")));
      return use(graph.open(OptionSource.of("", options), access, Map.of("file", image)), access);
    } finally {
      graph.release(kept);
    }
  }

  private <O> void create(
      @Nullable ImageCreator<O> creator, String name, BlockNode file, long size) {
    if (creator != null) {
      creator.create(
          new Making(graph, name), file, size, creator.options().parse(OptionSource.empty("")));
    }
  }

  /** Ends the use of one image before the others. */
  public void close(BlockNode node) {
    for (Child use : List.copyOf(uses)) {
      if (use.node().equals(node)) {
        uses.remove(use);
        graph.release(use);
      }
    }
  }

  @Override
  public void close() {
    RuntimeException failure = null;
    for (Child use : uses.reversed()) {
      try {
        graph.release(use);
      } catch (RuntimeException e) {
        failure = e;
      }
    }
    uses.clear();
    if (failure != null) {
      throw failure;
    }
  }

  /** How an option of the {@code cache=} kind opens. */
  public static Access cache(Access access, String mode) {
    return cache(access, mode, "Invalid cache option: " + mode);
  }

  /** How an option of that kind opens what is only read. */
  static Access sourceCache(Access access, String mode) {
    return cache(access, mode, "Invalid source cache option: " + mode);
  }

  /** How an option of that kind opens, with another complaint. */
  static Access cache(Access access, String mode, String complaint) {
    return switch (mode) {
      case "none", "off", "directsync" -> access.withCache(false, true);
      case "writeback", "writethrough" -> access.withCache(true, true);
      case "unsafe" -> access.withCache(true, false);
      default -> throw new ToolException(complaint);
    };
  }
}
