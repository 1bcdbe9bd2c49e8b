package dev.kasuari.boot;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Reads a flattened devicetree that may be damaged. Source: Devicetree Specification 0.4, 5. */
final class FdtReader {
  private final Bytes in;
  private long total;
  private long structure;
  private long structureEnd;
  private long strings;
  private long stringsEnd;

  FdtReader(Bytes in) {
    this.in = in;
  }

  Fdt read() throws BootException {
    header();
    List<Fdt.Reservation> reservations = reservations(in.u32(16));
    FdtNode root = tree();
    return new Fdt(root, reservations, (int) in.u32(28));
  }

  private void header() throws BootException {
    if (in.has(0, 0xed, 0xfe, 0x0d, 0xd0)) {
      throw bad("its bytes are in the wrong order");
    }
    if (!in.has(0, 0xd0, 0x0d, 0xfe, 0xed)) {
      throw new BootException(in.name() + ": not a devicetree blob (a .dtb file)");
    }
    if (in.length() < Fdt.HEADER_SIZE) {
      throw new BootException(in.name() + ": truncated: " + in.length() + " bytes hold no header");
    }
    total = in.u32(4);
    if (total > in.length()) {
      throw new BootException(
          in.name() + ": truncated: it has " + in.length() + " of " + total + " bytes");
    }
    if (total < Fdt.HEADER_SIZE) {
      throw bad("its header says it is " + total + " bytes long");
    }
    long version = in.u32(20);
    if (version < Fdt.COMPATIBLE_VERSION || in.u32(24) > Fdt.VERSION) {
      throw new BootException(
          in.name() + ": devicetree version " + version + " cannot be read; 16 and 17 can");
    }
    structure = block("structure", in.u32(8), 4);
    strings = block("strings", in.u32(12), 1);
    structureEnd = version >= 17 ? end("structure", structure, in.u32(36)) : total;
    stringsEnd = end("strings", strings, in.u32(32));
  }

  private long block(String what, long offset, int alignment) throws BootException {
    if (offset < Fdt.HEADER_SIZE || offset > total || offset % alignment != 0) {
      throw bad("its " + what + " block is at offset 0x" + Long.toHexString(offset));
    }
    return offset;
  }

  private long end(String what, long start, long size) throws BootException {
    if (size > total - start) {
      throw bad("its " + what + " block reaches beyond its end");
    }
    return start + size;
  }

  private List<Fdt.Reservation> reservations(long offset) throws BootException {
    List<Fdt.Reservation> found = new ArrayList<>();
    long at = block("memory reservation", offset, 8);
    while (at <= total - 16) {
      Fdt.Reservation r = new Fdt.Reservation(in.u64(at), in.u64(at + 8));
      if (r.address() == 0 && r.size() == 0) {
        return found;
      }
      found.add(r);
      at += 16;
    }
    throw bad("its list of memory reservations has no end");
  }

  private FdtNode tree() throws BootException {
    @Nullable FdtNode node = null;
    @Nullable FdtNode root = null;
    int depth = 0;
    while (true) {
      int token = word("token");
      switch (token) {
        case Fdt.BEGIN_NODE -> {
          if (++depth > Fdt.DEEPEST) {
            throw bad("its nodes are nested deeper than " + Fdt.DEEPEST);
          }
          node = begin(node, root);
          root = root == null ? node : root;
        }
        case Fdt.PROPERTY -> property(node);
        case Fdt.END_NODE -> {
          if (node == null) {
            throw bad("a node ends that did not begin");
          }
          depth--;
          node = node.parent();
        }
        case Fdt.NOP -> {}
        case Fdt.END -> {
          if (node != null) {
            throw bad("it ends inside of " + node.path());
          }
          if (root == null) {
            throw bad("it has no root");
          }
          return root;
        }
        default -> throw bad("unknown token 0x" + Integer.toHexString(token));
      }
    }
  }

  private FdtNode begin(@Nullable FdtNode parent, @Nullable FdtNode root) throws BootException {
    String name = string("node name", structure, structureEnd);
    structure = align(structure + name.length() + 1);
    if (parent == null) {
      if (root != null || !name.isEmpty()) {
        throw bad(root != null ? "it has two roots" : "its root is named '" + name + "'");
      }
      return FdtNode.root();
    }
    if (parent.child(name) != null) {
      throw bad("the node " + name + " appears twice in " + parent.path());
    }
    requireName(parent, "node", name);
    return parent.add(name);
  }

  private void property(@Nullable FdtNode node) throws BootException {
    if (node == null) {
      throw bad("a property outside of any node");
    }
    long length = word("property length") & 0xffff_ffffL;
    long nameAt = strings + (word("property name") & 0xffff_ffffL);
    if (length > structureEnd - structure) {
      throw bad("a property of " + node.path() + " reaches beyond the structure block");
    }
    if (nameAt >= stringsEnd) {
      throw bad("a property of " + node.path() + " has its name outside of the strings block");
    }
    String name = string("property name", nameAt, stringsEnd);
    requireName(node, "property", name);
    if (!node.children().isEmpty()) {
      throw bad("the property " + name + " stands behind a node in " + node.path());
    }
    if (node.property(name) != null) {
      throw bad("the property " + name + " appears twice in " + node.path());
    }
    node.bytes(name, in.copy(structure, length));
    structure = align(structure + length);
  }

  private void requireName(FdtNode node, String what, String name) throws BootException {
    String problem = FdtNode.problem(name);
    if (!problem.isEmpty()) {
      throw bad("a " + what + " in " + node.path() + " " + problem);
    }
  }

  private int word(String what) throws BootException {
    if (structure > structureEnd - 4) {
      throw bad("its structure block ends where a " + what + " should be");
    }
    structure += 4;
    return (int) in.u32(structure - 4);
  }

  private String string(String what, long from, long end) throws BootException {
    for (long at = from; at < end; at++) {
      if (in.u8(at) == 0) {
        return new String(in.copy(from, at - from), StandardCharsets.ISO_8859_1);
      }
    }
    throw bad("a " + what + " has no end");
  }

  private static long align(long offset) {
    return (offset + 3) & -4;
  }

  private BootException bad(String what) {
    return new BootException(in.name() + ": damaged devicetree: " + what);
  }
}
