package dev.kasuari.demo;

import static dev.kasuari.demo.Hardware.*;
import static dev.kasuari.target.riscv.asm.Reg.*;

import java.util.Map;
import java.util.TreeMap;

/** devices: what the devicetree lists, and what the drivers found there. */
final class DevicesCommand extends Part {
  /** Source: VIRTIO 1.2, section 5 "Device Types". */
  private static final Map<Integer, String> VIRTIO_DEVICES =
      new TreeMap<>(
          Map.ofEntries(
              Map.entry(0, "virtio: empty slot"),
              Map.entry(1, "virtio: network card"),
              Map.entry(2, "virtio: disk"),
              Map.entry(3, "virtio: console"),
              Map.entry(4, "virtio: entropy source"),
              Map.entry(5, "virtio: memory balloon"),
              Map.entry(8, "virtio: SCSI host"),
              Map.entry(9, "virtio: 9P transport"),
              Map.entry(16, "virtio: GPU"),
              Map.entry(18, "virtio: input device"),
              Map.entry(19, "virtio: socket device"),
              Map.entry(25, "virtio: sound device"),
              Map.entry(26, "virtio: file system")));

  /** Source: VIRTIO 1.2, sections 5.2.3 "Feature bits" and 6 "Reserved Feature Bits". */
  private static final Map<Integer, String> DISK_FEATURES =
      new TreeMap<>(
          Map.ofEntries(
              Map.entry(1, "SIZE_MAX"),
              Map.entry(2, "SEG_MAX"),
              Map.entry(4, "GEOMETRY"),
              Map.entry(VirtioBlk.F_RO, "RO"),
              Map.entry(6, "BLK_SIZE"),
              Map.entry(VirtioBlk.F_FLUSH, "FLUSH"),
              Map.entry(10, "TOPOLOGY"),
              Map.entry(11, "CONFIG_WCE"),
              Map.entry(12, "MQ"),
              Map.entry(13, "DISCARD"),
              Map.entry(14, "WRITE_ZEROES"),
              Map.entry(28, "INDIRECT_DESC"),
              Map.entry(29, "EVENT_IDX"),
              Map.entry(VirtioBlk.F_VERSION_1, "VERSION_1"),
              Map.entry(33, "ACCESS_PLATFORM"),
              Map.entry(34, "RING_PACKED"),
              Map.entry(40, "RING_RESET")));

  DevicesCommand(Program program) {
    super(program);
  }

  @Override
  void define() {
    devices();
    row();
    remark();
    virtioRemark();
    lookup();
    diskDetails();
    names("virtio_names", VIRTIO_DEVICES);
    names("disk_feature_names", DISK_FEATURES);
  }

  /** Rows of number and text; the last has the number -1. */
  private void names(String table, Map<Integer, String> names) {
    table(
        table,
        () -> {
          names.forEach((number, name) -> {
            word(number);
            offset(text(name), 4);
          });
          word(-1);
          word(0);
        });
  }

  private void devices() {
    function("command_devices", S0, S1);
    la(S0, "devices");
    ld(S1, "device_count");
    printf("  address     irq  name                   compatible          what is there\n");
    label(".next");
    beqz(S1, ".done");
    mv(A0, S0);
    call("print_device");
    addi(S0, S0, DEVICE);
    addi(S1, S1, -1);
    j(".next");
    label(".done");
    call("sbi_describe");
    ld(A1, "bootargs");
    bnez(A1, ".arguments");
    la(A1, text(""));
    label(".arguments");
    ld(A2, "interrupts_spurious");
    printf("; boot arguments \"%s\"; %u interrupts that nobody asked for.\n", A1, A2);
    ret();
  }

  /** print_device(a0: row of devices) */
  private void row() {
    function("print_device", S0);
    mv(S0, A0);
    ld(A1, DEVICE_BASE, S0);
    printf("  0x%08x  ", A1);
    ld(A1, DEVICE_IRQ, S0);
    bnez(A1, ".irq");
    printf("  -  ");
    j(".name");
    label(".irq");
    printf("%3u  ", A1);
    label(".name");
    ld(A1, DEVICE_NAME, S0);
    ld(A2, DEVICE_COMPATIBLE, S0);
    printf("%-22s %-20s ", A1, A2);
    mv(A0, S0);
    call("print_device_remark");
    printf("\n");
    ld(T0, "disk");
    beqz(T0, ".done");
    ld(T0, "disk_slot");
    bne(T0, S0, ".done");
    call("print_disk_details");
    label(".done");
    ret();
  }

  /** print_device_remark(a0: row of devices) */
  private void remark() {
    leaf("print_device_remark");
    ld(T0, DEVICE_VIRTIO, A0);
    bgez(T0, ".virtio");
    ld(A0, DEVICE_BASE, A0);
    ld(T0, "uart_base");
    beq(A0, T0, ".uart");
    ld(T0, "plic_base");
    beq(A0, T0, ".plic");
    ld(T0, "finisher_base");
    beq(A0, T0, ".finisher");
    ret();
    label(".virtio");
    j("print_virtio_remark");
    label(".uart");
    la(A0, text("console, %u bytes received"));
    ld(A1, "uart_received");
    j("printf");
    label(".plic");
    la(A0, text("interrupt controller; this hart is context %d"));
    ld(A1, Hart.PLIC_CONTEXT, TP);
    j("printf");
    label(".finisher");
    la(A0, text("power switch, should the SBI have none"));
    j("printf");
  }

  /** print_virtio_remark(a0: row of devices) */
  private void virtioRemark() {
    function("print_virtio_remark", S0);
    ld(S0, DEVICE_VIRTIO, A0);
    li(T0, VirtioMmio.LEGACY_DEVICE);
    bltu(S0, T0, ".modern");
    sub(S0, S0, T0);
    printf("legacy ");
    label(".modern");
    mv(A0, S0);
    la(A1, "virtio_names");
    call("name_of");
    mv(A1, A0);
    beqz(A1, ".unknown");
    printf("%s", A1);
    ret();
    label(".unknown");
    printf("virtio: device type %u", S0);
    ret();
  }

  private void lookup() {
    leaf("name_of"); // (a0: number, a1: rows of number and text) -> a0: text, or 0
    label(".next");
    lw(T0, 0, A1);
    bltz(T0, ".none");
    beq(T0, A0, ".found");
    addi(A1, A1, 8);
    j(".next");
    label(".none");
    li(A0, 0);
    ret();
    label(".found");
    loadOffset(A0, 4, A1);
    ret();
  }

  private void diskDetails() {
    function("print_disk_details", S0, S1);
    ld(A1, "disk_capacity");
    slli(A2, A1, 9);
    ld(A3, "disk_interrupts");
    ld(T0, "disk_hart");
    ld(A4, Hart.ID, T0);
    printf("                 %u sectors, %z; %u interrupts, on hart %u", A1, A2, A3, A4);
    printf("\n                 offers");
    ld(S0, "disk_features");
    la(S1, "disk_feature_names");
    label(".next");
    lw(T0, 0, S1);
    bltz(T0, ".done");
    srl(T0, S0, T0);
    andi(T0, T0, 1);
    beqz(T0, ".skip");
    loadOffset(A1, 4, S1);
    printf(" %s", A1);
    label(".skip");
    addi(S1, S1, 8);
    j(".next");
    label(".done");
    printf("\n");
    ret();
  }
}
