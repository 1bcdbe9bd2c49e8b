package dev.kasuari.demo;

import static dev.kasuari.demo.Devicetree.length;
import static dev.kasuari.demo.Devicetree.value;
import static dev.kasuari.target.riscv.asm.Reg.*;

/**
 * What the devicetree says about this machine: its harts and devices, and {@link MemoryMap its
 * memory}. No address and no interrupt number in this kernel comes from anywhere else.
 */
final class Hardware extends Part {
  /** A row of {@code devices}: fields of eight bytes. */
  static final int DEVICE_NAME = 0;

  static final int DEVICE_COMPATIBLE = 8;
  static final int DEVICE_BASE = 16;
  static final int DEVICE_SIZE = 24;
  static final int DEVICE_IRQ = 32;

  /** What the virtio driver found there: its number, or negative if it is not a virtio device. */
  static final int DEVICE_VIRTIO = 40;

  static final int DEVICE = 48;
  static final int MAX_DEVICES = 40;

  private static final int DEFAULT_TIMEBASE = 10_000_000;

  Hardware(Program program) {
    super(program);
  }

  @Override
  void define() {
    read();
    visitChosen();
    visitNode();
    visitRoot();
    visitCpu();
    visitDevice();
    knownDevice();
    findBootHart();
    sortDevices();
    variable("bootargs", 8); // address, 0 if there are none
    variable("stdout_path", 8);
    variable("machine_model", 8);
    variable("timebase", 8); // ticks of the time CSR in a second
    variable("harts", Hart.MAX * Hart.SIZE);
    variable("hart_count", 8);
    variable("harts_ignored", 8);
    variable("last_hart", 8); // whose children are being walked
    variable("devices", MAX_DEVICES * DEVICE);
    variable("device_count", 8);
    variable("uart_base", 8);
    variable("uart_size", 8);
    variable("plic_base", 8);
    variable("plic_size", 8);
    variable("plic_contexts", 8); // its interrupts-extended: address and length
    variable("plic_contexts_length", 8);
    variable("finisher_base", 8);
  }

  /** devicetree_read(a0: devicetree): "chosen" first, as it says which UART is the console. */
  private void read() {
    function("devicetree_read", S0);
    mv(S0, A0);
    li(T0, DEFAULT_TIMEBASE);
    sd(T0, "timebase", T1);
    la(A1, "visit_chosen");
    call("fdt_walk");
    mv(A0, S0);
    la(A1, "visit_node");
    call("fdt_walk");
    mv(A0, S0);
    call("reserve_devicetree");
    call("choose_memory");
    call("sort_devices");
    ret();
  }

  private void visitChosen() {
    function("visit_chosen");
    ld(A0, "node_name");
    la(A1, text("chosen"));
    call("streq");
    beqz(A0, ".done");
    la(T0, "node");
    ld(T1, value("bootargs"), T0);
    sd(T1, "bootargs", T2);
    ld(T1, value("stdout-path"), T0);
    sd(T1, "stdout_path", T2);
    call("reserve_ramdisk");
    label(".done");
    ret();
  }

  private void visitNode() {
    function("visit_node");
    call("visit_root");
    call("visit_cpu");
    call("visit_memory");
    call("visit_device");
    ret();
  }

  /** The machine's name, and how fast its clock runs. */
  private void visitRoot() {
    function("visit_root");
    ld(T0, "node_depth");
    addi(T0, T0, -1);
    bnez(T0, ".clock");
    la(T0, "node");
    ld(T0, value("model"), T0);
    sd(T0, "machine_model", T1);
    label(".clock");
    li(A0, value("timebase-frequency"));
    li(A1, 0);
    call("node_number");
    beqz(A0, ".done");
    sd(A0, "timebase", T0);
    label(".done");
    ret();
  }

  private void visitCpu() {
    function("visit_cpu", S0, S1);
    la(A0, text("riscv,cpu-intc"));
    call("node_compatible");
    bnez(A0, ".controller");
    la(T0, "node");
    ld(A0, value("device_type"), T0);
    beqz(A0, ".done");
    la(A1, text("cpu"));
    call("streq");
    beqz(A0, ".done");
    ld(S1, "hart_count");
    addi(T0, S1, -Hart.MAX);
    beqz(T0, ".ignore");
    addi(T0, S1, 1);
    sd(T0, "hart_count", T1);
    li(A0, 0);
    call("node_reg");
    mv(A1, S1);
    call("add_hart");
    mv(S0, A0);
    sd(S0, "last_hart", T0);
    la(T1, "node");
    ld(T0, value("riscv,isa"), T1);
    sd(T0, Hart.ISA, S0);
    ld(A0, value("status"), T1);
    beqz(A0, ".done");
    la(A1, text("disabled"));
    call("streq");
    beqz(A0, ".done");
    li(T0, Hart.STATE_DISABLED);
    sd(T0, Hart.STATE, S0);
    j(".done");
    label(".ignore");
    sd(ZERO, "last_hart", T0);
    ld(T0, "harts_ignored");
    addi(T0, T0, 1);
    sd(T0, "harts_ignored", T1);
    j(".done");
    label(".controller"); // a child of the hart; devices name the hart by its handle
    li(A0, value("phandle"));
    li(A1, 0);
    call("node_number");
    ld(T0, "last_hart");
    beqz(T0, ".done");
    sd(A0, Hart.INTC, T0);
    label(".done");
    ret();

    leaf("add_hart"); // (a0: the machine's number, a1: ours) -> a0: hart
    li(T0, Hart.SIZE);
    mul(T0, T0, A1);
    la(T1, "harts");
    add(T0, T0, T1);
    sd(A0, Hart.ID, T0);
    sd(A1, Hart.INDEX, T0);
    li(T1, -1);
    sd(T1, Hart.PLIC_CONTEXT, T0);
    li(T1, 2 * Stacks.SIZE);
    mul(T1, T1, A1);
    la(T2, "stacks");
    add(T1, T1, T2);
    li(T2, Stacks.SIZE);
    add(T1, T1, T2);
    sd(T1, Hart.STACK, T0);
    add(T1, T1, T2);
    sd(T1, Hart.TRAP_STACK, T0);
    mv(A0, T0);
    ret();
  }

  /** Everything else that has registers. */
  private void visitDevice() {
    function("visit_device", S0, S1);
    la(T0, "node");
    ld(T1, value("compatible"), T0);
    beqz(T1, ".done");
    ld(T1, value("device_type"), T0); // processors have "compatible" and "reg" too
    beqz(T1, ".device");
    mv(A0, T1);
    la(A1, text("cpu"));
    call("streq");
    bnez(A0, ".done");
    label(".device");
    ld(S1, "device_count");
    li(T0, MAX_DEVICES);
    bgeu(S1, T0, ".done");
    li(A0, 0);
    call("node_reg");
    beqz(A2, ".done");
    addi(T0, S1, 1);
    sd(T0, "device_count", T1);
    li(T0, DEVICE);
    mul(S1, S1, T0);
    la(S0, "devices");
    add(S0, S0, S1);
    sd(A0, DEVICE_BASE, S0);
    sd(A1, DEVICE_SIZE, S0);
    ld(T0, "node_name");
    sd(T0, DEVICE_NAME, S0);
    la(T0, "node");
    ld(T0, value("compatible"), T0);
    sd(T0, DEVICE_COMPATIBLE, S0);
    li(T0, -1);
    sd(T0, DEVICE_VIRTIO, S0);
    la(T0, "node");
    ld(T0, length("interrupts"), T0);
    beqz(T0, ".known");
    la(T0, "node");
    ld(A0, value("interrupts"), T0);
    li(A1, 1);
    call("read_cells");
    sd(A0, DEVICE_IRQ, S0);
    label(".known");
    mv(A0, S0);
    call("known_device");
    label(".done");
    ret();
  }

  /** known_device(a0: row): notes where those are that this kernel has drivers for. */
  private void knownDevice() {
    function("known_device", S0, S1);
    mv(S0, A0);
    branchIfCompatible("ns16550a", ".uart");
    branchIfCompatible("ns16550", ".uart");
    branchIfCompatible("riscv,plic0", ".plic");
    branchIfCompatible("sifive,plic-1.0.0", ".plic");
    branchIfCompatible("sifive,test0", ".finisher");
    branchIfCompatible("virtio,mmio", ".virtio");
    ret();

    label(".uart"); // the first one, unless "chosen" names another
    ld(A0, "stdout_path");
    beqz(A0, ".first");
    ld(A1, DEVICE_NAME, S0);
    call("strfind");
    bnez(A0, ".console");
    label(".first");
    ld(T0, "uart_base");
    bnez(T0, ".done");
    label(".console");
    note("uart_base", DEVICE_BASE);
    note("uart_size", DEVICE_SIZE);
    note("uart_irq", DEVICE_IRQ);
    li(A0, value("reg-shift"));
    li(A1, 0);
    call("node_number");
    sd(A0, "uart_shift", T0);
    ret();

    label(".plic");
    note("plic_base", DEVICE_BASE);
    note("plic_size", DEVICE_SIZE);
    la(T0, "node");
    ld(T1, value("interrupts-extended"), T0);
    sd(T1, "plic_contexts", T2);
    ld(T1, length("interrupts-extended"), T0);
    sd(T1, "plic_contexts_length", T2);
    ret();
    label(".finisher");
    note("finisher_base", DEVICE_BASE);
    ret();
    label(".virtio");
    sd(ZERO, DEVICE_VIRTIO, S0);
    label(".done");
    ret();
  }

  private void branchIfCompatible(String compatible, String to) {
    la(A0, text(compatible));
    call("node_compatible");
    bnez(A0, to);
  }

  private void note(String variable, int field) {
    ld(T0, field, S0);
    sd(T0, variable, T1);
  }

  /** find_boot_hart(a0: the machine's number) -> a0: hart */
  private void findBootHart() {
    function("find_boot_hart", S0);
    mv(S0, A0);
    call("find_hart");
    bnez(A0, ".found");
    mv(A0, S0); // not among the first few, or not listed at all: it takes the last place
    ld(A1, "hart_count");
    addi(T1, A1, -Hart.MAX);
    bnez(T1, ".last");
    addi(A1, A1, -1);
    label(".last");
    addi(T1, A1, 1);
    sd(T1, "hart_count", T2);
    call("add_hart");
    label(".found");
    ret();

    leaf("find_hart"); // (a0: the machine's number) -> a0: hart, or 0
    la(T0, "harts");
    ld(T1, "hart_count");
    label(".next");
    beqz(T1, ".none");
    ld(T2, Hart.ID, T0);
    beq(T2, A0, ".found");
    addi(T0, T0, Hart.SIZE);
    addi(T1, T1, -1);
    j(".next");
    label(".none");
    li(T0, 0);
    label(".found");
    mv(A0, T0);
    ret();
  }

  /** sort_devices(): by address, as a person would list them; neighbours change places. */
  private void sortDevices() {
    leaf("sort_devices");
    label(".pass");
    la(T0, "devices");
    ld(T1, "device_count");
    li(T2, 0); // places changed
    label(".next");
    addi(T1, T1, -1);
    blez(T1, ".end");
    ld(T3, DEVICE_BASE, T0);
    addi(T0, T0, DEVICE);
    ld(T4, DEVICE_BASE, T0);
    bleu(T3, T4, ".next");
    for (int field = 0; field < DEVICE; field += 8) {
      ld(T3, field - DEVICE, T0);
      ld(T4, field, T0);
      sd(T3, field, T0);
      sd(T4, field - DEVICE, T0);
    }
    li(T2, 1);
    j(".next");
    label(".end");
    bnez(T2, ".pass");
    ret();
  }
}
