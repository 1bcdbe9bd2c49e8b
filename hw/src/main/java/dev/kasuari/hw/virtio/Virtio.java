package dev.kasuari.hw.virtio;

/** Numbers of the specification that transports and devices share. */
final class Virtio {
  // Device status, 2.1.
  static final int ACKNOWLEDGE = 1;
  static final int DRIVER = 2;
  static final int DRIVER_OK = 4;
  static final int FEATURES_OK = 8;
  static final int DEVICE_NEEDS_RESET = 64;
  static final int FAILED = 128;

  // Reserved feature bits, 6.
  static final long RING_INDIRECT_DESC = 1L << 28;
  static final long RING_EVENT_IDX = 1L << 29;
  static final long VERSION_1 = 1L << 32;

  // Interrupt status, 4.2.2.
  static final int USED_BUFFER = 1;
  static final int CONFIGURATION_CHANGE = 2;

  // Device types, 5.
  static final int NET = 1;
  static final int BLOCK = 2;
  static final int CONSOLE = 3;
  static final int ENTROPY = 4;
  static final int SCSI_HOST = 8;

  private Virtio() {}
}
