package dev.kasuari.hw.intc;

import dev.kasuari.machine.Device;
import dev.kasuari.machine.DeviceModel;
import dev.kasuari.machine.HardwareNode;
import dev.kasuari.machine.IrqLine;
import dev.kasuari.machine.Registers;
import dev.kasuari.machine.Wiring;
import dev.kasuari.qapi.OptionException;
import dev.kasuari.qapi.Options;

/**
 * A frame that turns messages into shared interrupts of a {@link Gic2}. Source: Arm DEN 0029
 * (SBSA), appendix "GICv2m architecture". The output {@code irq[n]} is pulsed for interrupt
 * base-spi + n.
 */
@DeviceModel(name = "arm-gicv2m", bus = GicFrames.class)
public final class Gic2m extends Device<Gic2m.Props, Gic2m.State> {
  /**
   * What can be chosen.
   *
   * @param baseSpi the first interrupt, from 32 on
   * @param numSpi how many there are
   */
  public record Props(
      @Options.Default("32") @Options.Range(min = 32, max = 1019) int baseSpi,
      @Options.Default("64") @Options.Range(min = 1, max = 988) int numSpi) {}

  /** Nothing changes. */
  public static final class State {}

  private IrqLine[] irq;

  /** For these interrupts. */
  public static Gic2m of(int baseSpi, int numSpi) {
    return Gic2mType.TYPE.create(new Props(baseSpi, numSpi));
  }

  @Override
  protected void realize(Wiring w) {
    if (props().baseSpi() + props().numSpi() > 1020) {
      throw new OptionException(
          "%s: base-spi=%d,num-spi=%d: interrupts end before 1020"
              .formatted(id(), props().baseSpi(), props().numSpi()));
    }
    var registers =
        Registers.width(4)
            .accepts(2, 4)
            .at(0x008, "MSI_TYPER")
            .field("NUMBER", 0, 10, "how many interrupts")
            .field("BASE", 16, 10, "the first")
            .read(() -> props().baseSpi() << 16 | props().numSpi())
            .at(0x040, "MSI_SETSPI_NS")
            .doc("raises the interrupt of this number")
            .write(this::raise)
            .at(0xfcc, "MSI_IIDR")
            .constant(0x5100_043b);
    w.region("regs", 0x1000, GicIdentity.identify(registers, 0xfd0, 0, 2));
    irq = w.irqs("irq", props().numSpi());
  }

  private void raise(long value) {
    long index = (value & 0x3ff) - props().baseSpi();
    if (index >= 0 && index < irq.length) {
      irq[(int) index].pulse();
    }
  }

  @Override
  public void describe(HardwareNode n) {
    n.named("v2m").compatible("arm,gic-v2m-frame").reg().flag("msi-controller");
  }
}
