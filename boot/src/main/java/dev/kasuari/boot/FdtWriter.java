package dev.kasuari.boot;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.Map;

/** Flattens a devicetree. Source: Devicetree Specification 0.4, 5. */
final class FdtWriter {
  private final Fdt tree;
  private final ByteArrayOutputStream structure = new ByteArrayOutputStream();
  private final ByteArrayOutputStream strings = new ByteArrayOutputStream();
  private final Map<String, Integer> stringOffsets = new HashMap<>();

  FdtWriter(Fdt tree) {
    this.tree = tree;
  }

  byte[] write(int spare) {
    node(tree.root(), 1);
    word(Fdt.END);
    int reservations = Fdt.HEADER_SIZE; // already a multiple of 8
    int structureAt = reservations + 16 * (tree.reservations().size() + 1);
    int stringsAt = structureAt + structure.size();
    int total = (stringsAt + strings.size() + spare + 7) & -8;
    ByteBuffer blob = ByteBuffer.allocate(total);
    blob.putInt(Fdt.MAGIC).putInt(total).putInt(structureAt).putInt(stringsAt);
    blob.putInt(reservations).putInt(Fdt.VERSION).putInt(Fdt.COMPATIBLE_VERSION);
    blob.putInt(tree.bootCpu()).putInt(strings.size()).putInt(structure.size());
    for (Fdt.Reservation r : tree.reservations()) {
      blob.putLong(r.address()).putLong(r.size());
    }
    blob.putLong(0).putLong(0);
    blob.put(structure.toByteArray()).put(strings.toByteArray());
    return blob.array();
  }

  private void node(FdtNode node, int depth) {
    if (depth > Fdt.DEEPEST) {
      throw new IllegalArgumentException(
          "devicetree deeper than " + Fdt.DEEPEST + ": " + node.path());
    }
    word(Fdt.BEGIN_NODE);
    structure.writeBytes(node.name().getBytes(StandardCharsets.UTF_8));
    structure.write(0);
    align();
    for (FdtProperty property : node.properties()) {
      word(Fdt.PROPERTY);
      word(property.length());
      word(stringOffsets.computeIfAbsent(property.name(), this::newString));
      structure.writeBytes(property.bytes());
      align();
    }
    for (FdtNode child : node.children()) {
      node(child, depth + 1);
    }
    word(Fdt.END_NODE);
  }

  private int newString(String text) {
    int offset = strings.size();
    strings.writeBytes(text.getBytes(StandardCharsets.UTF_8));
    strings.write(0);
    return offset;
  }

  private void word(int value) {
    structure.writeBytes(ByteBuffer.allocate(4).putInt(value).array());
  }

  private void align() {
    while (structure.size() % 4 != 0) {
      structure.write(0);
    }
  }
}
