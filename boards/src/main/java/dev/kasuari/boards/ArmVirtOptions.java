package dev.kasuari.boards;

import dev.kasuari.qapi.OptionException;
import dev.kasuari.qapi.OptionSource;
import dev.kasuari.qapi.Options;
import java.util.List;

/**
 * What {@code -M virt} of Arm takes.
 *
 * @param gicVersion of the interrupt controller: 2, 3, or max for the newest there is
 * @param virtualization whether the CPUs have EL2
 * @param secure whether the CPUs have EL3, and the board devices of the secure world
 * @param its whether a GICv3 has an interrupt translation service
 * @param highmem whether anything may be above 4 GiB
 * @param dtbRandomness whether the devicetree has random numbers for the kernel
 */
@Options
record ArmVirtOptions(
    @Options.Default("2") String gicVersion,
    @Options.Default("off") boolean virtualization,
    @Options.Default("off") boolean secure,
    @Options.Default("on") boolean its,
    @Options.Default("on") boolean highmem,
    @Options.Default("on") boolean dtbRandomness) {
  /** Reads them. */
  static ArmVirtOptions parse(OptionSource source) {
    ArmVirtOptions options = ArmVirtOptionsCodec.CODEC.parse(source);
    if (!List.of("2", "3", "max").contains(options.gicVersion)) {
      throw new OptionException(
          source.where()
              + ": gic-version="
              + options.gicVersion
              + ": give 2, 3 or max, which is 3");
    }
    return options;
  }

  boolean gic3() {
    return !gicVersion.equals("2");
  }
}
