package dev.kasuari.demo;

import static dev.kasuari.target.riscv.asm.Reg.*;

/**
 * Looks what is behind each virtio slot, and gives the first disk to its driver. Source: Virtual
 * I/O Device (VIRTIO) 1.2, section 4.2 "Virtio Over MMIO".
 */
final class VirtioMmio extends Part {
  static final int MAGIC_VALUE = 0x000;
  static final int VERSION = 0x004;
  static final int DEVICE_ID = 0x008;
  static final int DEVICE_FEATURES = 0x010;
  static final int DEVICE_FEATURES_SEL = 0x014;
  static final int DRIVER_FEATURES = 0x020;
  static final int DRIVER_FEATURES_SEL = 0x024;
  static final int QUEUE_SEL = 0x030;
  static final int QUEUE_NUM_MAX = 0x034;
  static final int QUEUE_NUM = 0x038;
  static final int QUEUE_READY = 0x044;
  static final int QUEUE_NOTIFY = 0x050;
  static final int INTERRUPT_STATUS = 0x060;
  static final int INTERRUPT_ACK = 0x064;
  static final int STATUS = 0x070;
  static final int QUEUE_DESC = 0x080;
  static final int QUEUE_DRIVER = 0x090;
  static final int QUEUE_DEVICE = 0x0a0;
  static final int CONFIG = 0x100;

  private static final int MAGIC = 0x7472_6976; // "virt"

  private static final int MODERN = 2;

  static final int ID_BLOCK = 2;

  /**
   * In {@link Hardware#DEVICE_VIRTIO}: there is a device, but it speaks the version before the
   * standard.
   */
  static final int LEGACY_DEVICE = 1 << 16;

  VirtioMmio(Program program) {
    super(program);
  }

  @Override
  void define() {
    init();
    probe();
    variable("disk_slot", 8); // row of devices, 0 if there is no disk
  }

  private void init() {
    function("virtio_init", S0, S1);
    la(S0, "devices");
    ld(S1, "device_count");
    label(".next");
    beqz(S1, ".done");
    ld(T0, Hardware.DEVICE_VIRTIO, S0);
    bltz(T0, ".skip");
    mv(A0, S0);
    call("virtio_probe");
    label(".skip");
    addi(S0, S0, Hardware.DEVICE);
    addi(S1, S1, -1);
    j(".next");
    label(".done");
    ret();
  }

  /** virtio_probe(a0: row of devices) */
  private void probe() {
    function("virtio_probe", S0, S1);
    mv(S0, A0);
    ld(A1, Hardware.DEVICE_SIZE, S0);
    ld(A0, Hardware.DEVICE_BASE, S0);
    call("map_device");
    mv(S1, A0);
    lw(T0, MAGIC_VALUE, A0);
    li(T1, MAGIC);
    bne(T0, T1, ".unused");
    lw(T1, DEVICE_ID, A0);
    beqz(T1, ".unused");
    lw(T0, VERSION, A0);
    addi(T0, T0, -MODERN);
    beqz(T0, ".modern");
    li(T0, LEGACY_DEVICE);
    or(T1, T1, T0);
    label(".modern");
    sd(T1, Hardware.DEVICE_VIRTIO, S0);
    addi(T1, T1, -ID_BLOCK);
    bnez(T1, ".unused");
    ld(T0, "disk_slot");
    bnez(T0, ".unused"); // one disk is enough
    sd(S0, "disk_slot", T0);
    ld(A1, Hardware.DEVICE_IRQ, S0);
    call("disk_init");
    ret();
    label(".unused");
    mv(A0, S1);
    call("unmap_page");
    ret();
  }
}
