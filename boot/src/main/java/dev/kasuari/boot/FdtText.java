package dev.kasuari.boot;

import java.util.ArrayList;
import java.util.List;

/**
 * Devicetree source text. A blob does not say what its values are; they are guessed as the
 * devicetree compiler does: strings if they look so, else 32-bit numbers, else bytes. Source:
 * Devicetree Specification 0.4, 6.
 */
final class FdtText {
  private FdtText() {}

  static String tree(Fdt tree) {
    StringBuilder out = new StringBuilder("/dts-v1/;\n\n");
    for (Fdt.Reservation r : tree.reservations()) {
      out.append("/memreserve/ 0x%016x 0x%016x;\n".formatted(r.address(), r.size()));
    }
    return out.append(node(tree.root())).toString();
  }

  static String node(FdtNode node) {
    StringBuilder out = new StringBuilder();
    append(out, node, "");
    return out.toString();
  }

  private static void append(StringBuilder out, FdtNode node, String indent) {
    out.append(indent).append(node.name().isEmpty() ? "/" : node.name()).append(" {\n");
    String inner = indent + "\t";
    for (FdtProperty property : node.properties()) {
      out.append(inner).append(property(property)).append('\n');
    }
    boolean first = node.properties().isEmpty();
    for (FdtNode child : node.children()) {
      out.append(first ? "" : "\n");
      append(out, child, inner);
      first = false;
    }
    out.append(indent).append("};\n");
  }

  static String property(FdtProperty property) {
    byte[] value = property.bytes();
    if (value.length == 0) {
      return property.name() + ";";
    }
    return property.name() + " = " + value(value) + ";";
  }

  private static String value(byte[] value) {
    if (isStrings(value)) {
      return strings(value);
    }
    int width = value.length % 4 == 0 ? 4 : 1;
    List<String> words = new ArrayList<>();
    for (int i = 0; i < value.length; i += width) {
      words.add(width == 4 ? cell(value, i) : "%02x".formatted(value[i]));
    }
    String all = String.join(" ", words);
    return width == 4 ? "<" + all + ">" : "[" + all + "]";
  }

  private static String cell(byte[] value, int at) {
    int cell =
        value[at] << 24
            | (value[at + 1] & 0xff) << 16
            | (value[at + 2] & 0xff) << 8
            | (value[at + 3] & 0xff);
    return "0x%02x".formatted(cell);
  }

  private static boolean isStrings(byte[] value) {
    int start = 0;
    for (int i = 0; i < value.length; i++) {
      if (value[i] == 0 && i == start) {
        return false; // an empty string: more likely a number
      }
      if (value[i] == 0) {
        start = i + 1;
      } else if (value[i] < ' ' || value[i] > '~') {
        return false;
      }
    }
    return start == value.length;
  }

  private static String strings(byte[] value) {
    StringBuilder out = new StringBuilder("\"");
    for (int i = 0; i < value.length - 1; i++) {
      char c = (char) value[i];
      if (c == 0) {
        out.append("\", \"");
      } else if (c == '"' || c == '\\') {
        out.append('\\').append(c);
      } else {
        out.append(c);
      }
    }
    return out.append('"').toString();
  }
}
