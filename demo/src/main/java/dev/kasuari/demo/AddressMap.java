package dev.kasuari.demo;

import static dev.kasuari.target.riscv.asm.Reg.*;

/** What is at a virtual address: whose it is, and what the page tables allow there. */
final class AddressMap extends Part {
  private record Region(String from, String to, String name) {}

  /** The first that fits. */
  private static final Region[] IMAGE = {
    new Region("image_start", "text_end", "kernel text"),
    new Region("text_end", "bss_start", "kernel constants"),
    new Region("root_table", "tables_end", "page tables"),
    new Region("bss_start", "image_end", "kernel variables"),
  };

  private static final int ROW = 12;

  AddressMap(Program program) {
    super(program);
  }

  @Override
  void define() {
    describe();
    regionName();
    deviceAt();
    inStacks();
    access();
    table(
        "image_regions",
        () -> {
          for (Region region : IMAGE) {
            offset(symbol(region.from), 0);
            offset(symbol(region.to), 4);
            offset(text(region.name), 8);
          }
        });
    variable("access_text", 8);
  }

  /** describe_address(a0: address): prints what is there. */
  private void describe() {
    function("describe_address", S0, S1);
    mv(S0, A0);
    call("region_name");
    mv(S1, A0);
    mv(A0, S0);
    call("find_leaf");
    beqz(A0, ".unmapped");
    ld(A0, 0, A0);
    call("access_of");
    mv(A2, A0);
    printf("%s, %s", S1, A2);
    ret();
    label(".unmapped");
    printf("%s, not mapped", S1);
    ret();
  }

  /** region_name(a0: address) -> a0: text */
  private void regionName() {
    function("region_name", S0);
    mv(S0, A0);
    la(A0, text("empty lower half"));
    li(T0, PageTables.DIRECT_MAP);
    bltu(S0, T0, ".done");
    mv(A0, S0);
    call("in_stacks");
    bnez(A0, ".done");

    la(T0, "image_regions");
    li(T1, IMAGE.length);
    label(".next");
    beqz(T1, ".outside");
    loadOffset(T2, 0, T0);
    loadOffset(T3, 4, T0);
    loadOffset(A0, 8, T0);
    addi(T0, T0, ROW);
    addi(T1, T1, -1);
    bltu(S0, T2, ".next");
    bgeu(S0, T3, ".next");
    ret();

    label(".outside");
    la(A0, text("devicetree"));
    ld(T0, "dtb");
    ld(T1, "dtb_size");
    add(T1, T1, T0);
    li(T2, -Program.PAGE);
    and(T0, T0, T2);
    bltu(S0, T0, ".memory");
    bltu(S0, T1, ".done");
    label(".memory");
    la(A0, text("free memory"));
    ld(T0, "memory_start");
    ld(T1, "memory_end");
    bltu(S0, T0, ".device");
    bltu(S0, T1, ".done");
    label(".device");
    mv(A0, S0);
    call("device_at");
    bnez(A0, ".done");
    la(A0, text("nothing known"));
    label(".done");
    ret();
  }

  /** device_at(a0: address) -> a0: its name, or 0. */
  private void deviceAt() {
    leaf("device_at");
    li(T0, PageTables.DIRECT_MAP);
    sub(A0, A0, T0);
    la(T0, "devices");
    ld(T1, "device_count");
    label(".next");
    beqz(T1, ".none");
    ld(T2, Hardware.DEVICE_BASE, T0);
    ld(T3, Hardware.DEVICE_SIZE, T0);
    sub(T2, A0, T2);
    bltu(T2, T3, ".found");
    addi(T0, T0, Hardware.DEVICE);
    addi(T1, T1, -1);
    j(".next");
    label(".none");
    li(A0, 0);
    ret();
    label(".found");
    ld(A0, Hardware.DEVICE_NAME, T0);
    ret();
  }

  /** in_stacks(a0: address) -> a0: what part of the stacks it is in, as text, or 0. */
  private void inStacks() {
    leaf("in_stacks");
    la(T0, "stacks");
    la(T1, "stacks_end");
    bltu(A0, T0, ".no");
    bgeu(A0, T1, ".no");
    sub(T0, A0, T0);
    li(T1, Stacks.SIZE);
    remu(T0, T0, T1);
    li(T1, Program.PAGE);
    la(A0, text("guard page below a stack"));
    bltu(T0, T1, ".done");
    la(A0, text("stacks, with guard pages"));
    label(".done");
    ret();
    label(".no");
    li(A0, 0);
    ret();
  }

  /** access_of(a0: page table entry) -> a0: text like "rw-" */
  private void access() {
    leaf("access_of");
    la(T0, "access_text");
    for (int n = 0; n < 3; n++) {
      li(T1, "rwx".charAt(n));
      andi(T2, A0, PageTables.READ << n);
      bnez(T2, "." + n);
      li(T1, '-');
      label("." + n);
      sb(T1, n, T0);
    }
    mv(A0, T0);
    ret();
  }
}
