package dev.kasuari.machine.memory;

/** What {@code info mtree} prints. */
public final class MemoryTree {
  private MemoryTree() {}

  /**
   * The tree of {@code space}: each region with its addresses, rank and kind, children indented.
   */
  public static String tree(AddressSpace space) {
    var out = new StringBuilder("address-space: ").append(space.name()).append('\n');
    append(out, space.root(), 0, 1);
    return out.toString();
  }

  /** The secure world's flat view of {@code space}, without what is unassigned. */
  public static String flat(AddressSpace space) {
    var out = new StringBuilder("flat view: ").append(space.name()).append('\n');
    for (FlatRange range : space.view(true).ranges()) {
      MemoryRegion region = range.region();
      if (region != null) {
        out.append("  ")
            .append(addresses(range.first(), range.last()))
            .append(" (")
            .append(kind(range))
            .append("): ")
            .append(region.name());
        long offset = range.regionOffset(range.first());
        if (offset != 0) {
          out.append(" @").append("%016x".formatted(offset));
        }
        out.append('\n');
      }
    }
    return out.toString();
  }

  private static void append(StringBuilder out, MemoryRegion region, long base, int depth) {
    out.append("  ".repeat(depth))
        .append(addresses(base, base + region.last()))
        .append(" (prio ")
        .append(region.priority())
        .append(", ")
        .append(region.kind())
        .append("): ")
        .append(region.name());
    if (region instanceof MemoryRegion.Alias alias) {
      long first = alias.targetOffset();
      out.append(" @")
          .append(alias.target().name())
          .append(' ')
          .append(addresses(first, first + alias.last()));
    }
    out.append(region.secureOnly() ? " [secure]" : "");
    out.append(region.enabled() ? "\n" : " [disabled]\n");
    if (region instanceof MemoryRegion.Container container) {
      container.children().stream()
          .sorted((a, b) -> Long.compareUnsigned(a.offset(), b.offset()))
          .forEach(child -> append(out, child, base + child.offset(), depth + 1));
    }
  }

  private static String kind(FlatRange range) {
    return switch (range.kind()) {
      case RAM -> "ram";
      case ROM -> "rom";
      case ROM_DEVICE -> "romd";
      case MMIO -> "i/o";
      case UNASSIGNED -> "unassigned";
    };
  }

  private static String addresses(long first, long last) {
    return "%016x-%016x".formatted(first, last);
  }
}
