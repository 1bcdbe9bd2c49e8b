package dev.kasuari.boot;

import dev.kasuari.machine.HardwareNode;
import dev.kasuari.machine.HardwareNode.Cell;
import dev.kasuari.machine.HardwareNode.Range;
import dev.kasuari.machine.InterruptSpecifier;
import java.util.ArrayList;
import java.util.IdentityHashMap;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Renders a machine's hardware description as a devicetree: gives phandles to the nodes that others
 * refer to, and addresses the cells that their parent says.
 *
 * <p>Source: Devicetree Specification, release 0.4, sections 2.2 to 2.4.
 */
public final class FdtRenderer {
  private static final int DEFAULT_ADDRESS_CELLS = 2;
  private static final int DEFAULT_SIZE_CELLS = 1;

  private final IdentityHashMap<HardwareNode, FdtNode> rendered = new IdentityHashMap<>();

  private FdtRenderer() {}

  /**
   * Renders the tree below a root.
   *
   * @throws IllegalArgumentException if a node refers to one outside the tree
   */
  public static Fdt render(HardwareNode root) {
    var renderer = new FdtRenderer();
    FdtNode top = FdtNode.root();
    renderer.nodes(root, top);
    renderer.properties(root);
    return new Fdt(top);
  }

  private void nodes(HardwareNode from, FdtNode to) {
    rendered.put(from, to);
    for (HardwareNode child : from.children()) {
      nodes(child, to.add(child.fullName()));
    }
  }

  private void properties(HardwareNode node) {
    FdtNode to = of(node);
    node.properties().forEach((name, value) -> property(node, to, name, value));
    node.children().forEach(this::properties);
  }

  private FdtNode of(HardwareNode node) {
    FdtNode found = rendered.get(node);
    if (found == null) {
      throw new IllegalArgumentException(node + " is referred to, but not part of the tree");
    }
    return found;
  }

  private void property(HardwareNode node, FdtNode to, String name, HardwareNode.Value value) {
    // No switch over patterns, for which the JVM would make a class at every start.
    if (value instanceof HardwareNode.Cells cells) {
      to.cells(name, numbers(cells.cells()));
    } else if (value instanceof HardwareNode.Strings strings) {
      to.strings(name, strings.values().toArray(String[]::new));
    } else if (value instanceof HardwareNode.Ranges ranges) {
      to.cells(name, ranges(node, ranges.ranges()));
    } else if (value instanceof HardwareNode.Interrupts interrupts) {
      interrupts(to, interrupts.specifiers());
    } else if (value instanceof HardwareNode.U64s longs) {
      to.longs(name, longs.values().stream().mapToLong(Long::longValue).toArray());
    } else if (value instanceof HardwareNode.Bytes bytes) {
      to.bytes(name, array(bytes.values()));
    } else {
      to.flag(name);
    }
  }

  private static byte[] array(List<Byte> values) {
    byte[] bytes = new byte[values.size()];
    for (int i = 0; i < bytes.length; i++) {
      bytes[i] = values.get(i);
    }
    return bytes;
  }

  private long[] numbers(List<Cell> cells) {
    return cells.stream()
        .mapToLong(cell ->
            Integer.toUnsignedLong(
                cell instanceof Cell.Reference reference
                    ? of(reference.node()).phandle()
                    : ((Cell.U32) cell).value()))
        .toArray();
  }

  private static long[] ranges(HardwareNode node, List<Range> ranges) {
    int addressCells = cells(node.parent(), "#address-cells", DEFAULT_ADDRESS_CELLS);
    int sizeCells = cells(node.parent(), "#size-cells", DEFAULT_SIZE_CELLS);
    var out = new ArrayList<Long>();
    for (Range range : ranges) {
      append(out, range.address(), addressCells);
      append(out, range.size(), sizeCells);
    }
    return out.stream().mapToLong(Long::longValue).toArray();
  }

  private static int cells(@Nullable HardwareNode parent, String name, int otherwise) {
    if (parent != null
        && parent.get(name) instanceof HardwareNode.Cells cells
        && cells.cells().getFirst() instanceof Cell.U32 number) {
      return number.value();
    }
    return otherwise;
  }

  private static void append(List<Long> out, long value, int cells) {
    if (cells == 2) {
      out.add(value >>> 32);
    }
    if (cells > 0) {
      out.add(value & 0xffff_ffffL);
    }
  }

  private void interrupts(FdtNode to, List<InterruptSpecifier> specifiers) {
    HardwareNode first = specifiers.getFirst().controller();
    boolean one = specifiers.stream().allMatch(s -> s.controller().equals(first));
    var cells = new ArrayList<Long>();
    for (InterruptSpecifier specifier : specifiers) {
      if (!one) {
        cells.add(Integer.toUnsignedLong(of(specifier.controller()).phandle()));
      }
      specifier.cells().forEach(c -> cells.add(Integer.toUnsignedLong(c)));
    }
    long[] numbers = cells.stream().mapToLong(Long::longValue).toArray();
    if (one) {
      to.cells("interrupts", numbers);
      to.cells("interrupt-parent", Integer.toUnsignedLong(of(first).phandle()));
    } else {
      to.cells("interrupts-extended", numbers);
    }
  }
}
