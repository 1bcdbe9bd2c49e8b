package dev.kasuari.boot;

import java.util.List;

/**
 * A flattened devicetree: what firmware and kernels are told of the machine. Version 17. Source:
 * Devicetree Specification 0.4, 5.
 *
 * @param root of the tree
 * @param reservations memory that the program started must leave alone
 * @param bootCpu physical id of the processor that starts
 */
public record Fdt(FdtNode root, List<Reservation> reservations, int bootCpu) {
  static final int MAGIC = 0xd00dfeed;
  static final int HEADER_SIZE = 40;
  static final int VERSION = 17;
  static final int COMPATIBLE_VERSION = 16;
  static final int BEGIN_NODE = 1;
  static final int END_NODE = 2;
  static final int PROPERTY = 3;
  static final int NOP = 4;
  static final int END = 9;

  /** Deeper trees are refused: none is, and readers recurse. */
  static final int DEEPEST = 64;

  /** A reserved range of memory: physical address and bytes. */
  public record Reservation(long address, long size) {}

  public Fdt {
    reservations = List.copyOf(reservations);
  }

  public Fdt(FdtNode root) {
    this(root, List.of(), 0);
  }

  /**
   * Reads a blob.
   *
   * @param name for messages, such as {@code -dtb board.dtb}
   * @param blob may be longer than the tree says
   * @throws BootException if it is damaged, truncated, or of another format
   */
  public static Fdt read(String name, byte[] blob) throws BootException {
    return new FdtReader(Bytes.big(name, blob)).read();
  }

  /** The blob, as short as it can be. */
  public byte[] write() {
    return write(0);
  }

  /**
   * The blob with room for a firmware to add to it.
   *
   * @param spare zero bytes at its end, counted in its total size
   */
  public byte[] write(int spare) {
    return new FdtWriter(this).write(spare);
  }

  /** As source text that a devicetree compiler reads. */
  public String toDts() {
    return FdtText.tree(this);
  }
}
