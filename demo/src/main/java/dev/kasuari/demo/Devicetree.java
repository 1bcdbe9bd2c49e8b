package dev.kasuari.demo;

import static dev.kasuari.target.riscv.asm.Reg.*;

import java.util.List;

/**
 * Walks the flattened devicetree that the firmware hands over. For each node, the properties that
 * somebody here asks for are gathered in the record {@code node}; then a visitor looks at it.
 *
 * <p>Source: Devicetree Specification 0.4, chapter "Flattened Devicetree (DTB) Format".
 */
final class Devicetree extends Part {
  private static final int MAGIC = 0xd00d_feed;

  // The header: big-endian words.
  private static final int HEADER_MAGIC = 0;
  static final int HEADER_TOTAL_SIZE = 4;
  private static final int HEADER_STRUCTURE = 8;
  private static final int HEADER_STRINGS = 12;
  static final int HEADER_RESERVED = 16;

  private static final int BEGIN_NODE = 1;
  private static final int END_NODE = 2;
  private static final int PROPERTY = 3;
  private static final int NOP = 4;

  /** Deeper nodes are walked over, but not looked at. */
  private static final int MAX_DEPTH = 8;

  private static final List<String> PROPERTIES =
      List.of(
          "compatible",
          "reg",
          "device_type",
          "status",
          "phandle",
          "model",
          "interrupts",
          "interrupts-extended",
          "reg-shift",
          "riscv,isa",
          "timebase-frequency",
          "stdout-path",
          "bootargs",
          "linux,initrd-start",
          "linux,initrd-end",
          "#address-cells",
          "#size-cells");

  /** A property in {@code node}: address of its value (0 if the node has none), and its length. */
  private static final int VALUE = 0;

  private static final int LENGTH = 8;
  private static final int RECORD = 16;

  Devicetree(Program program) {
    super(program);
  }

  /** Where a property's address is in {@code node}. */
  static int value(String property) {
    return PROPERTIES.indexOf(property) * RECORD + VALUE;
  }

  /** Where a property's length is in {@code node}. */
  static int length(String property) {
    return PROPERTIES.indexOf(property) * RECORD + LENGTH;
  }

  @Override
  void define() {
    check();
    walk();
    begin();
    property();
    visit();
    cells();
    register();
    firstCell();
    compatible();
    variable("node", PROPERTIES.size() * RECORD);
    variable("node_name", 8);
    variable("node_depth", 8);
    variable("node_pending", 8); // its properties have been gathered, it has not been visited
    variable("node_names", 8 * (MAX_DEPTH + 1));
    variable("address_cells", 8 * (MAX_DEPTH + 1)); // of the children of the node at each depth
    variable("size_cells", 8 * (MAX_DEPTH + 1));
    table(
        "properties",
        () -> {
          for (String name : PROPERTIES) {
            offset(text(name), 0);
          }
          word(0);
        });
  }

  /** fdt_check(a0: what should be a devicetree) */
  private void check() {
    function("fdt_check", S0);
    mv(S0, A0);
    beqz(S0, ".none");
    addi(A0, S0, HEADER_MAGIC);
    call("be32");
    li(T0, MAGIC & 0xffff_ffffL);
    bne(A0, T0, ".none");
    ret();
    label(".none");
    panic("no devicetree at 0x%x, where register a1 says there is one\n", S0);
  }

  /** fdt_walk(a0: devicetree, a1: visitor) */
  private void walk() {
    function("fdt_walk", S0, S1, S2);
    mv(S2, A1);
    mv(S1, A0);
    addi(A0, S1, HEADER_STRUCTURE);
    call("be32");
    add(S0, S1, A0);
    addi(A0, S1, HEADER_STRINGS);
    call("be32");
    add(S1, S1, A0);
    sd(ZERO, "node_depth", T0);
    sd(ZERO, "node_pending", T0);
    label(".token");
    mv(A0, S0);
    call("be32");
    addi(S0, S0, 4);
    mv(A1, S0);
    for (int token : new int[] {BEGIN_NODE, END_NODE, PROPERTY, NOP}) {
      li(T0, token);
      beq(A0, T0, token == NOP ? ".token" : "." + token);
    }
    ret();

    label("." + BEGIN_NODE);
    mv(A0, S2);
    call("fdt_visit"); // the parent
    mv(A0, S0);
    call("fdt_begin");
    mv(S0, A0);
    j(".token");
    label("." + END_NODE);
    mv(A0, S2);
    call("fdt_visit");
    ld(T0, "node_depth");
    addi(T0, T0, -1);
    sd(T0, "node_depth", T1);
    j(".token");
    label("." + PROPERTY);
    mv(A0, S0);
    mv(A1, S1);
    call("fdt_property");
    mv(S0, A0);
    j(".token");
  }

  /** fdt_begin(a0: the node's name) -> a0: what follows it. */
  private void begin() {
    function("fdt_begin");
    sd(A0, "node_name", T0);
    ld(T0, "node_depth");
    addi(T0, T0, 1);
    sd(T0, "node_depth", T1);
    li(T1, 1);
    sd(T1, "node_pending", T2);
    la(T1, "node");
    for (int n = 0; n < PROPERTIES.size(); n++) {
      sd(ZERO, n * RECORD, T1);
      sd(ZERO, n * RECORD + LENGTH, T1);
    }
    mv(A1, A0);
    call("strlen");
    add(A0, A0, A1);
    addi(A0, A0, 4); // the terminating zero, and then a multiple of four
    andi(A0, A0, -4);
    ret();
  }

  /** fdt_property(a0: the property, a1: strings) -> a0: what follows it. */
  private void property() {
    function("fdt_property", S0, S1, S2, S3, S4);
    mv(S0, A0);
    call("be32");
    mv(S2, A0);
    addi(A0, S0, 4);
    call("be32");
    add(S1, A1, A0); // its name
    addi(S0, S0, 8);
    la(S3, "properties");
    la(S4, "node");
    label(".next");
    lw(T0, 0, S3);
    beqz(T0, ".done"); // nobody asks for it
    add(A1, S3, T0);
    mv(A0, S1);
    call("streq");
    bnez(A0, ".found");
    addi(S3, S3, 4);
    addi(S4, S4, RECORD);
    j(".next");
    label(".found");
    sd(S0, VALUE, S4);
    sd(S2, LENGTH, S4);
    label(".done");
    add(A0, S0, S2);
    addi(A0, A0, 3);
    andi(A0, A0, -4);
    ret();
  }

  /** fdt_visit(a0: visitor): shows it the node, once all properties have been gathered. */
  private void visit() {
    function("fdt_visit", S0, S1);
    mv(S0, A0);
    ld(T0, "node_pending");
    beqz(T0, ".done");
    sd(ZERO, "node_pending", T0);
    ld(S1, "node_depth");
    li(T0, MAX_DEPTH);
    bgtu(S1, T0, ".done");
    slli(S1, S1, 3);
    la(T0, "node_names");
    add(T0, T0, S1);
    ld(T1, "node_name");
    sd(T1, 0, T0);
    cellsOfChildren("address_cells", "#address-cells", 2);
    cellsOfChildren("size_cells", "#size-cells", 1);
    callr(S0);
    label(".done");
    ret();
  }

  /** How many words an address and a size have; the defaults are the specification's. */
  private void cellsOfChildren(String variable, String property, int defaultCells) {
    li(A0, value(property));
    li(A1, defaultCells);
    call("node_number");
    la(T0, variable);
    add(T0, T0, S1);
    sd(A0, 0, T0);
  }

  /** read_cells(a0: address, a1: how many words) -> a0: number; a1: what follows. */
  private void cells() {
    function("read_cells", S0, S1, S2);
    mv(S0, A0);
    mv(S1, A1);
    li(S2, 0);
    label(".next");
    beqz(S1, ".done");
    mv(A0, S0);
    call("be32");
    slli(S2, S2, 32);
    or(S2, S2, A0);
    addi(S0, S0, 4);
    addi(S1, S1, -1);
    j(".next");
    label(".done");
    mv(A0, S2);
    mv(A1, S0);
    ret();
  }

  /** node_reg(a0: n) -> a0, a1: address and size of its n-th register block; a2: is there one? */
  private void register() {
    function("node_reg", S0, S1, S2);
    ld(T0, "node_depth");
    addi(T0, T0, -1); // the parent says how to read it
    slli(T0, T0, 3);
    la(S0, "address_cells");
    add(S0, S0, T0);
    ld(S0, 0, S0);
    la(S1, "size_cells");
    add(S1, S1, T0);
    ld(S1, 0, S1);
    add(T0, S0, S1);
    slli(T0, T0, 2); // bytes of a block
    mul(T1, T0, A0);
    add(T0, T0, T1);
    la(T2, "node");
    ld(S2, length("reg"), T2);
    ld(A0, value("reg"), T2);
    li(A2, 0);
    beqz(A0, ".done");
    bgtu(T0, S2, ".done");
    add(A0, A0, T1);
    mv(A1, S0);
    call("read_cells");
    mv(S2, A0);
    mv(A0, A1);
    mv(A1, S1);
    call("read_cells");
    mv(A1, A0);
    mv(A0, S2);
    li(A2, 1);
    label(".done");
    ret();
  }

  /**
   * node_number(a0: place of a property's {@link #value}, a1: default) -> a0: the property as a
   * number of one or two words.
   */
  private void firstCell() {
    function("node_number");
    la(T0, "node");
    add(T0, T0, A0);
    mv(A0, A1);
    ld(T1, VALUE, T0);
    beqz(T1, ".done");
    ld(A1, LENGTH, T0);
    beqz(A1, ".done");
    srli(A1, A1, 2);
    mv(A0, T1);
    call("read_cells");
    label(".done");
    ret();
  }

  /** node_compatible(a0: text) -> a0: 1 if the node says that it is compatible with it. */
  private void compatible() {
    function("node_compatible", S0, S1, S2);
    mv(S0, A0);
    la(T0, "node");
    ld(S1, value("compatible"), T0);
    ld(S2, length("compatible"), T0);
    add(S2, S2, S1);
    label(".next");
    li(A0, 0);
    bgeu(S1, S2, ".done");
    mv(A0, S1);
    mv(A1, S0);
    call("streq");
    bnez(A0, ".done");
    mv(A0, S1);
    call("strlen");
    add(S1, S1, A0);
    addi(S1, S1, 1);
    j(".next");
    label(".done");
    ret();
  }
}
