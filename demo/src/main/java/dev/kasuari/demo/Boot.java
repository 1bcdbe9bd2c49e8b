package dev.kasuari.demo;

import static dev.kasuari.target.riscv.asm.Reg.*;

/**
 * From the firmware's jump to the first line of the shell.
 *
 * <p>The firmware (or QEMU's {@code -kernel}, or any loader that knows Linux) puts the image two
 * mebibytes above the start of memory and jumps to its first byte in S-mode, with paging off, the
 * hart's number in {@code a0} and the devicetree's address in {@code a1}.
 */
final class Boot extends Part {
  /** Where the image wants to be, from the start of memory. */
  static final long TEXT_OFFSET = 0x20_0000;

  private static final int HEADER_VERSION = 2;
  private static final long MAGIC = 0x0000_0056_4353_4952L; // "RISCV", which is deprecated
  private static final int MAGIC2 = 0x0543_5352; // "RSC" and 5, which is checked

  private static final int BOOT_STACK = 8192;

  Boot(Program program) {
    super(program);
  }

  @Override
  void define() {
    header();
    start();
    startLate();
    startSecondary();
    enterVirtual();
    kernelMain();
    table("boot_lottery", () -> dword(0)); // among the constants, as variables are zeroed too late
    variable("dtb", 8); // virtual address
    variable("dtb_size", 8);
    variable("boot_time", 8);
    variable("early_hart", Hart.SIZE);
    variable("boot_stack", 2 * BOOT_STACK);
  }

  /** Source: Linux, "Boot image header in RISC-V Linux". */
  private void header() {
    label("image_start");
    j("_start"); // code0, and nothing in code1
    word(0);
    dword(TEXT_OFFSET);
    assembler().to(symbol("image_end"), d -> d + 16); // size in memory, from image_start
    word(0);
    dword(0); // flags: little-endian
    word(HEADER_VERSION);
    word(0);
    dword(0);
    dword(MAGIC);
    word(MAGIC2);
    word(0);
  }

  /** The first hart, still at physical addresses. */
  private void start() {
    leaf("_start");
    csrw(Csr.SIE, ZERO);
    la(T0, "boot_lottery");
    li(T1, 1);
    amoaddD(T0, T1, T0);
    bnez(T0, ".late");
    mv(S0, A0);
    mv(S1, A1);
    la(T0, "early_trap");
    csrw(Csr.STVEC, T0);
    la(T0, "bss_start"); // memory holds anything at power-on
    la(T1, "image_end");
    label(".zero");
    sd(ZERO, 0, T0);
    addi(T0, T0, 8);
    bltu(T0, T1, ".zero");

    csrr(T0, Csr.TIME);
    sd(T0, "boot_time", T1);
    la(SP, "boot_stack");
    li(T0, BOOT_STACK);
    add(SP, SP, T0);
    la(TP, "early_hart"); // until the devicetree has told which harts there are
    sd(S0, Hart.ID, TP);
    add(T0, SP, T0);
    sd(T0, Hart.TRAP_STACK, TP);
    call("sbi_init");
    mv(A0, S1);
    call("fdt_check");
    mv(A0, S1);
    call("build_page_tables");
    call("enter_virtual");

    li(T0, PageTables.DIRECT_MAP);
    sd(T0, "direct_map", T1);
    add(S1, S1, T0);
    sd(S1, "dtb", T1);
    mv(A0, S1);
    call("devicetree_read");
    mv(A0, S0);
    call("find_boot_hart");
    mv(TP, A0);
    ld(SP, Hart.STACK, TP);
    ld(T0, Hart.TRAP_STACK, TP);
    csrw(Csr.SSCRATCH, T0);
    j("kernel_main");

    label(".late");
    j("start_late");

    alignCode(4);
    leaf("early_trap"); // before there is a handler that could do more
    csrr(A1, Csr.SCAUSE);
    csrr(A2, Csr.SEPC);
    csrr(A3, Csr.STVAL);
    panic("an exception at the very start: scause %x, sepc %x, stval %x\n", A1, A2, A3);
  }

  /**
   * A hart that comes here although another one is the first, which OpenSBI 1.1 lets happen: told
   * to start a hart, it marks it as started before it notes where, and the hart may be quicker and
   * go where the first one went. It waits for its {@link Hart} and goes where it should have gone.
   */
  private void startLate() {
    leaf("start_late");
    mv(S0, A0);
    label(".wait");
    mv(A0, S0);
    call("find_hart");
    beqz(A0, ".wait");
    ld(T0, Hart.STATE, A0);
    addi(T0, T0, -Hart.STATE_STARTING);
    bnez(T0, ".wait");
    li(T0, PageTables.DIRECT_MAP);
    add(A1, A0, T0);
    j("start_secondary");
  }

  /** Any other hart, at physical addresses: {@code a1} is its {@link Hart}, at its virtual one. */
  private void startSecondary() {
    leaf("start_secondary");
    csrw(Csr.SIE, ZERO);
    li(T0, PageTables.DIRECT_MAP);
    sub(TP, A1, T0);
    ld(SP, Hart.STACK, TP);
    sub(SP, SP, T0);
    call("enter_virtual");
    call("timer_start_hart");
    call("enable_interrupts");
    call("hart_online");
    label(".idle"); // from now on it works in interrupt handlers only
    wfi();
    j(".idle");
  }

  /**
   * Turns paging on and returns to the caller's virtual address. The instruction after the write to
   * satp is not mapped where it is fetched from; the page fault that follows is the jump.
   */
  private void enterVirtual() {
    leaf("enter_virtual");
    li(T0, PageTables.DIRECT_MAP);
    add(RA, RA, T0);
    add(SP, SP, T0);
    add(TP, TP, T0);
    la(T1, ".virtual");
    add(T1, T1, T0);
    csrw(Csr.STVEC, T1);
    la(T1, "root_table");
    srli(T1, T1, 12);
    li(T2, Csr.SATP_MODE_SV39);
    or(T1, T1, T2);
    sfenceVma();
    csrw(Csr.SATP, T1);
    alignCode(4);
    label(".virtual");
    la(T1, "trap_entry");
    csrw(Csr.STVEC, T1);
    ld(T1, Hart.TRAP_STACK, TP);
    bltz(T1, ".set"); // the early hart's was noted before there were virtual addresses
    add(T1, T1, T0);
    label(".set");
    csrw(Csr.SSCRATCH, T1);
    ret();
  }

  private void kernelMain() {
    leaf("kernel_main");
    call("map_memory");
    call("page_allocator_init");
    call("power_init");
    call("uart_init");
    call("plic_init");
    call("timer_init");
    call("timer_start_hart");
    call("enable_interrupts");
    li(T0, Hart.STATE_ONLINE);
    sd(T0, Hart.STATE, TP);
    call("virtio_init"); // before there are others who would have to hear of every new mapping
    call("start_harts");
    call("disk_start");
    call("banner");
    j("shell");
  }
}
