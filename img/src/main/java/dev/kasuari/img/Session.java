package dev.kasuari.img;

import dev.kasuari.block.Access;
import dev.kasuari.block.BlockException;
import dev.kasuari.block.BlockGraph;
import dev.kasuari.block.BlockNode;
import dev.kasuari.block.Child;
import dev.kasuari.block.crypto.Secrets;
import dev.kasuari.qapi.OptionException;
import dev.kasuari.qapi.OptionSource;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The images that a command has open. */
final class Session implements AutoCloseable {
  private final BlockGraph graph;
  private final List<Child> uses = new ArrayList<>();

  /** Nothing is open, and there are no secrets. */
  Session() {
    this(new Secrets());
  }

  /** Nothing is open yet. */
  Session(Secrets secrets) {
    graph = new BlockGraph(secrets);
  }

  /** Nothing is open yet; {@code --object} may say secrets. */
  Session(Arguments a) {
    this(a.secrets());
  }

  BlockGraph graph() {
    return graph;
  }

  /**
   * Opens an image.
   *
   * @param format or null to find it out
   * @param options whether the name is options of a node ({@code --image-opts})
   */
  BlockNode open(String name, @Nullable String format, boolean options, Access access) {
    return open(name, format, options, access, "Could not open '" + name + "'");
  }

  /**
   * Opens an image.
   *
   * @param attempt what a complaint begins with; nothing for the complaint alone
   */
  BlockNode open(
      String name, @Nullable String format, boolean options, Access access, String attempt) {
    try {
      BlockNode node =
          options
              ? graph.open(OptionSource.of("", name, "driver"), access)
              : graph.openFile("", name, format, access);
      return use(node, access);
    } catch (BlockException e) {
      throw attempt.isEmpty() ? e : e.in(attempt);
    } catch (OptionException e) {
      throw new ToolException(attempt + ": " + e.getMessage());
    }
  }

  private BlockNode use(BlockNode node, Access access) {
    uses.add(
        graph.use("this command", node, BlockGraph.takenBy(access), BlockGraph.sharedBy(access)));
    return node;
  }

  /** Ends the use of one image before the others. */
  void close(BlockNode node) {
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
  static Access cache(Access access, String mode) {
    return switch (mode) {
      case "none", "off", "directsync" -> access.withCache(false, true);
      case "writeback", "writethrough" -> access.withCache(true, true);
      case "unsafe" -> access.withCache(true, false);
      default -> throw new ToolException("Invalid cache option: " + mode);
    };
  }
}
