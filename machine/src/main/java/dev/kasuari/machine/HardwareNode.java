package dev.kasuari.machine;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import java.util.stream.LongStream;
import org.jspecify.annotations.Nullable;

/**
 * A node of the description of what is wired: names and typed values, in the words of the
 * Devicetree Specification but in no byte layout. {@code boot} renders the tree as FDT or takes
 * from it what ACPI wants.
 *
 * <p>Nodes refer to each other by object; whoever renders them gives the numbers.
 */
public final class HardwareNode {
  /** A property's value. */
  public sealed interface Value {}

  /** The property is there, without a value. */
  public record Flag() implements Value {}

  /** Numbers of 32 bits and references, one after the other. */
  public record Cells(List<Cell> cells) implements Value {}

  /** Numbers of 64 bits. */
  public record U64s(List<Long> values) implements Value {}

  /** One or more texts. */
  public record Strings(List<String> values) implements Value {}

  /** Bytes. */
  public record Bytes(List<Byte> values) implements Value {}

  /** Addresses and sizes, rendered with the cells of the parent. */
  public record Ranges(List<Range> ranges) implements Value {}

  /**
   * Interrupts, rendered as {@code interrupts} with {@code interrupt-parent} where all go to one
   * controller, else as {@code interrupts-extended}.
   */
  public record Interrupts(List<InterruptSpecifier> specifiers) implements Value {}

  /** One entry of {@link Cells}. */
  public sealed interface Cell {
    /** A number. */
    record U32(int value) implements Cell {}

    /** The phandle of another node. */
    record Reference(HardwareNode node) implements Cell {}
  }

  /** A stretch of addresses. */
  public record Range(long address, long size) {}

  private final @Nullable Device<?, ?> device;
  private String name;
  private @Nullable String unit;
  private @Nullable HardwareNode parent;
  private final List<HardwareNode> children = new ArrayList<>();
  private final Map<String, Value> properties = new LinkedHashMap<>();

  /** A node without parent; the root's name is empty. */
  public HardwareNode(String name) {
    this(name, null);
  }

  HardwareNode(String name, @Nullable Device<?, ?> device) {
    this.name = name;
    this.device = device;
  }

  // The tree.

  /** The name without the unit address. */
  public String name() {
    return name;
  }

  /** What stands behind {@code @}: hexadecimal digits as a rule, or null. */
  public @Nullable String unit() {
    return unit;
  }

  /** The name with the unit address. */
  public String fullName() {
    return unit == null ? name : name + "@" + unit;
  }

  /** The node around this, or null. */
  public @Nullable HardwareNode parent() {
    return parent;
  }

  /** The nodes inside this. */
  public List<HardwareNode> children() {
    return List.copyOf(children);
  }

  /** The properties in the order they were first set. */
  public Map<String, Value> properties() {
    return java.util.Collections.unmodifiableMap(properties);
  }

  /** The value of a property, or null. */
  public @Nullable Value get(String property) {
    return properties.get(property);
  }

  /** Renames the node to the generic name of its kind: {@code serial}, {@code rtc}. */
  public HardwareNode named(String newName) {
    name = newName;
    return this;
  }

  /** Sets what stands behind {@code @}. */
  public HardwareNode unit(long address) {
    return unit(Long.toHexString(address));
  }

  /** Sets what stands behind {@code @}. */
  public HardwareNode unit(String text) {
    unit = text;
    return this;
  }

  /** Makes a node inside this. */
  public HardwareNode child(String childName) {
    return add(new HardwareNode(childName));
  }

  /** Moves a node inside this. */
  public HardwareNode add(HardwareNode child) {
    if (child.parent != null) {
      child.parent.children.remove(child);
    }
    child.parent = this;
    children.add(child);
    return child;
  }

  /** Takes this node out of the tree. */
  public void detach() {
    if (parent != null) {
      parent.children.remove(this);
      parent = null;
    }
  }

  // Properties.

  /** Sets a property. */
  public HardwareNode set(String property, Value value) {
    properties.put(property, value);
    return this;
  }

  /** Takes a property away. */
  public HardwareNode remove(String property) {
    properties.remove(property);
    return this;
  }

  /** Sets {@code compatible}. */
  public HardwareNode compatible(String... names) {
    return strings("compatible", names);
  }

  /** Sets a property without value. */
  public HardwareNode flag(String property) {
    return set(property, new Flag());
  }

  /** Sets numbers of 32 bits. */
  public HardwareNode u32(String property, int... values) {
    return set(property, new Cells(IntStream.of(values).<Cell>mapToObj(Cell.U32::new).toList()));
  }

  /** Sets numbers of 64 bits. */
  public HardwareNode u64(String property, long... values) {
    return set(property, new U64s(LongStream.of(values).boxed().toList()));
  }

  /** Sets texts. */
  public HardwareNode strings(String property, String... values) {
    return set(property, new Strings(List.of(values)));
  }

  /** Sets bytes. */
  public HardwareNode bytes(String property, byte... values) {
    var list = new ArrayList<Byte>();
    for (byte value : values) {
      list.add(value);
    }
    return set(property, new Bytes(List.copyOf(list)));
  }

  /** Sets numbers and references. */
  public HardwareNode cells(String property, Cell... cells) {
    return set(property, new Cells(List.copyOf(Arrays.asList(cells))));
  }

  /** Sets references to other nodes. */
  public HardwareNode references(String property, HardwareNode... nodes) {
    return set(property, new Cells(Arrays.stream(nodes).<Cell>map(Cell.Reference::new).toList()));
  }

  /** Sets {@code reg}, and the unit address from the first range. */
  public HardwareNode reg(Range... ranges) {
    if (ranges.length > 0) {
      unit(ranges[0].address());
    }
    return set("reg", new Ranges(List.of(ranges)));
  }

  /** Sets {@code reg} to where the device's regions are mapped, in the order of the regions. */
  public HardwareNode reg() {
    return reg(
        device().regions().stream()
            .filter(r -> r.parent() != null)
            .map(r -> new Range(r.absoluteAddress(), r.size()))
            .toArray(Range[]::new));
  }

  /** Sets {@code interrupts} to where the device's outputs are connected, in their order. */
  public HardwareNode interrupts() {
    List<InterruptSpecifier> specifiers = device().interrupts();
    return specifiers.isEmpty() ? this : interrupts(specifiers);
  }

  /** Sets {@code interrupts}. */
  public HardwareNode interrupts(List<InterruptSpecifier> specifiers) {
    return set("interrupts", new Interrupts(List.copyOf(specifiers)));
  }

  /** As {@link #interrupts()}, with the controller before each, as bridges and controllers do. */
  public HardwareNode interruptsExtended() {
    var cells = new ArrayList<Cell>();
    for (InterruptSpecifier specifier : device().interrupts()) {
      cells.add(new Cell.Reference(specifier.controller()));
      specifier.cells().forEach(c -> cells.add(new Cell.U32(c)));
    }
    return set("interrupts-extended", new Cells(List.copyOf(cells)));
  }

  /** Sets {@code clocks} and {@code clock-names} to what drives the device, if anything is said. */
  public HardwareNode clocks() {
    Map<String, HardwareNode> clocks = device().clocks();
    if (clocks.isEmpty()) {
      return this;
    }
    references("clocks", clocks.values().toArray(HardwareNode[]::new));
    return strings("clock-names", clocks.keySet().toArray(String[]::new));
  }

  void clear() {
    properties.clear();
    List.copyOf(children).forEach(HardwareNode::detach);
    unit = null;
  }

  private Device<?, ?> device() {
    if (device == null) {
      throw new IllegalStateException(fullName() + " belongs to no device");
    }
    return device;
  }

  @Override
  public String toString() {
    return fullName();
  }
}
