package dev.kasuari.vm;

import dev.kasuari.block.Access;
import dev.kasuari.block.BlockDevice;
import dev.kasuari.block.BlockDriver;
import dev.kasuari.block.BlockException;
import dev.kasuari.block.BlockGraph;
import dev.kasuari.block.BlockNode;
import dev.kasuari.block.Child;
import dev.kasuari.block.Drivers;
import dev.kasuari.block.NodeOptionsCodec;
import dev.kasuari.block.Permission;
import dev.kasuari.machine.Machine;
import dev.kasuari.qapi.OptionException;
import dev.kasuari.qapi.OptionSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** Nodes of disks that {@code -blockdev} makes, for devices and other nodes to name. */
public final class Blockdevs {
  private final BlockGraph graph;

  /** Nodes stay, whoever uses them, until the machine ends. */
  private final List<Child> kept = new ArrayList<>();

  Blockdevs(Machine machine, BlockGraph graph) {
    this.graph = graph;
    AutoCloseable end = this::close;
    machine.own(end);
  }

  /** Takes {@code -blockdev}'s argument apart. */
  public static OptionSource source(String text) {
    return OptionSource.of("-blockdev " + text, text, "driver");
  }

  /**
   * Opens a node.
   *
   * @throws OptionException if the options make no sense, or it cannot be opened
   */
  void open(OptionSource source) {
    if (source.text("node-name") == null) {
      throw new OptionException(source.where() + ": 'node-name' is missing");
    }
    try {
      BlockNode node = graph.open(source, Access.write());
      kept.add(graph.use("the machine", node, Permission.none(), Permission.all()));
    } catch (BlockException e) {
      throw new OptionException(source.where() + ": " + e.getMessage(), e);
    }
  }

  /**
   * Makes a back end for a device of a node that has that name, if there is one and nothing else is
   * called so.
   */
  void serve(Machine machine, BackEnds backEnds, String name) {
    BlockNode node = graph.find(name);
    if (node == null || backEnds.hasDrive(name)) {
      return;
    }
    try {
      backEnds.add(machine.own(new BlockDevice(name, graph, node, false)));
    } catch (BlockException e) {
      throw new OptionException("drive=" + name + ": " + e.getMessage(), e);
    }
  }

  private void close() {
    kept.reversed().forEach(graph::release);
    kept.clear();
  }

  /** What {@code -blockdev help} prints. */
  public static String help() {
    var out = new StringBuilder("Block drivers:" + System.lineSeparator());
    for (BlockDriver<?> driver : Drivers.all()) {
      out.append(String.format(Locale.ROOT, "  %-20s %s%n", driver.name(), driver.doc()));
    }
    return out.append("Of any node:")
        .append(System.lineSeparator())
        .append(NodeOptionsCodec.CODEC.schema().help())
        .toString();
  }

  /** What {@code -blockdev DRIVER,help} prints. */
  public static String help(String name) {
    BlockDriver<?> driver = Drivers.named("-blockdev " + name, name);
    var out = new StringBuilder(driver.name() + ": " + driver.doc() + System.lineSeparator());
    for (String slot : driver.slots()) {
      out.append("  ").append(slot).append("=<node>, or ").append(slot).append(".driver=...");
      out.append(System.lineSeparator());
    }
    return out.append(driver.options().schema().help()).toString();
  }
}
