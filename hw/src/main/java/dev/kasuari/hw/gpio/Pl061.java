package dev.kasuari.hw.gpio;

import dev.kasuari.hw.PrimeCell;
import dev.kasuari.machine.Device;
import dev.kasuari.machine.DeviceModel;
import dev.kasuari.machine.HardwareNode;
import dev.kasuari.machine.IrqLine;
import dev.kasuari.machine.Registers;
import dev.kasuari.machine.SysBus;
import dev.kasuari.machine.Wiring;
import dev.kasuari.qapi.Options;
import java.util.List;

/**
 * Arm PrimeCell GPIO PL061: eight pins, each an input or an output, and one interrupt. Source: ARM
 * DDI 0190, chapter 3 "Programmers Model".
 *
 * <p>Inputs {@code in[0]} to {@code in[7]}, outputs {@code out[0]} to {@code out[7]}, {@code irq}.
 */
@DeviceModel(name = "pl061", bus = SysBus.class)
public final class Pl061 extends Device<Pl061.Props, Pl061.State> {
  private static final int PINS = 8;

  /**
   * What can be chosen.
   *
   * @param pullups pins, a bit for each, that others see high while the guest does not drive them
   */
  public record Props(@Options.Default("0") @Options.Range(min = 0, max = 0xff) int pullups) {}

  /** What changes. A bit for each pin. */
  public static final class State {
    int data;
    int dir;
    int sense;
    int bothEdges;
    int event;
    int mask;

    /** Edges that were seen and not cleared. */
    int edges;

    int afsel;
  }

  /** The levels of the inputs. They are others' state, so that a reset leaves them. */
  private int levels;

  private IrqLine irq;
  private IrqLine[] out;

  /** Eight pins that are low while nobody drives them. */
  public static Pl061 of() {
    return Pl061Type.TYPE.create(new Props(0));
  }

  /** The pin {@code number}, 0 to 7, as an input. */
  public IrqLine input(int number) {
    return input("in[" + number + "]");
  }

  @Override
  protected void realize(Wiring w) {
    var registers =
        Registers.width(4)
            .accepts(1, 4)
            .at(0x000, "GPIODATA")
            .times(256, 4)
            .doc("pins; bits 2 to 9 of the address say which are read or written")
            .readEach(mask -> pins() & mask)
            .writeEach(this::setData)
            .at(0x400, "GPIODIR")
            .doc("pins that are outputs")
            .reset(0)
            .readWrite(() -> state().dir, v -> state().dir = (int) v & 0xff)
            .at(0x404, "GPIOIS")
            .doc("pins whose level interrupts, not an edge")
            .reset(0)
            .readWrite(() -> state().sense, v -> state().sense = (int) v & 0xff)
            .at(0x408, "GPIOIBE")
            .doc("pins of which both edges interrupt")
            .reset(0)
            .readWrite(() -> state().bothEdges, v -> state().bothEdges = (int) v & 0xff)
            .at(0x40c, "GPIOIEV")
            .doc("pins that interrupt when high or rising, not low or falling")
            .reset(0)
            .readWrite(() -> state().event, v -> state().event = (int) v & 0xff)
            .at(0x410, "GPIOIE")
            .doc("pins whose interrupt gets through")
            .reset(0)
            .readWrite(() -> state().mask, v -> state().mask = (int) v & 0xff)
            .at(0x414, "GPIORIS")
            .doc("pins that interrupt")
            .read(this::raw)
            .at(0x418, "GPIOMIS")
            .doc("pins that interrupt and get through")
            .reset(0)
            .read(() -> raw() & state().mask)
            .at(0x41c, "GPIOIC")
            .doc("forgets edges")
            .write(v -> state().edges &= ~(int) v)
            .at(0x420, "GPIOAFSEL")
            .doc("pins given to other hardware, which is not there")
            .reset(0)
            .readWrite(() -> state().afsel, v -> state().afsel = (int) v & 0xff);
    w.region("regs", 0x1000, PrimeCell.identify(registers, 0x061, 0));
    w.interruptInputs("in", PINS, pin -> List.of(pin, 0), this::drive);
    out = w.irqs("out", PINS);
    irq = w.irq("irq");
  }

  private int pins() {
    return (state().data & state().dir) | (levels & ~state().dir);
  }

  /** Pins that are inputs keep nothing of what is written. */
  private void setData(int mask, long value) {
    int written = mask & state().dir;
    state().data = (state().data & ~written) | ((int) value & written);
  }

  private void drive(int pin, boolean level) {
    int bit = 1 << pin;
    levels = level ? levels | bit : levels & ~bit;
    boolean wanted = (state().event & bit) != 0 == level || (state().bothEdges & bit) != 0;
    if (wanted && ((state().dir | state().sense) & bit) == 0) {
      state().edges |= bit;
    }
  }

  /** Edges are remembered, levels are not (section 3.2.7 of the raw status). */
  private int raw() {
    return (state().edges & ~state().sense) | (~(pins() ^ state().event) & state().sense & 0xff);
  }

  @Override
  protected void outputs() {
    irq.set((raw() & state().mask) != 0);
    int driven = (state().data & state().dir) | (props().pullups() & ~state().dir);
    for (int pin = 0; pin < PINS; pin++) {
      out[pin].set((driven & 1 << pin) != 0);
    }
  }

  @Override
  public void describe(HardwareNode n) {
    n.named("pl061")
        .compatible("arm,pl061", "arm,primecell")
        .reg()
        .u32("#gpio-cells", 2)
        .flag("gpio-controller")
        .interrupts()
        .clocks();
  }
}
