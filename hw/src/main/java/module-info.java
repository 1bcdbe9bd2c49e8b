import org.jspecify.annotations.NullMarked;

/** Device models, each one file that reads like its data sheet. */
@NullMarked
module dev.kasuari.hw {
  requires static transitive org.jspecify;
  requires transitive dev.kasuari.machine;

  exports dev.kasuari.hw.block;
  exports dev.kasuari.hw.gpio;
  exports dev.kasuari.hw.intc;
  exports dev.kasuari.hw.misc;
  exports dev.kasuari.hw.nvram;
  exports dev.kasuari.hw.rtc;
  exports dev.kasuari.hw.scsi;
  exports dev.kasuari.hw.serial;
  exports dev.kasuari.hw.timer;
  exports dev.kasuari.hw.virtio;

  provides dev.kasuari.machine.DeviceSet with
      dev.kasuari.hw.HwDevices;
}
