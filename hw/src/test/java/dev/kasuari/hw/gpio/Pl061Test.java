package dev.kasuari.hw.gpio;

import static org.assertj.core.api.Assertions.assertThat;

import dev.kasuari.machine.HardwareNode;
import dev.kasuari.machine.HardwareNode.Cell;
import dev.kasuari.machine.ResetCause;
import dev.kasuari.machine.Shutdown;
import dev.kasuari.testkit.DeviceProbe;
import dev.kasuari.testkit.IrqProbe;
import dev.kasuari.testkit.TestBench;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

@Tag("fast")
class Pl061Test {
  private static final long ALL = 0x3fc;
  private static final long DIR = 0x400;
  private static final long IS = 0x404;
  private static final long IBE = 0x408;
  private static final long IEV = 0x40c;
  private static final long IE = 0x410;
  private static final long RIS = 0x414;
  private static final long MIS = 0x418;
  private static final long IC = 0x41c;
  private static final long AFSEL = 0x420;

  private final TestBench bench = new TestBench();
  private final DeviceProbe<Pl061> gpio = bench.plug(Pl061.of());
  private final IrqProbe irq = gpio.irq("irq");

  @AfterEach
  void close() {
    bench.close();
  }

  private void drive(int pin, boolean level) {
    gpio.drive("in[" + pin + "]", level);
  }

  private static int levels(List<IrqProbe> probes) {
    return IntStream.range(0, 8).map(i -> probes.get(i).level() ? 1 << i : 0).sum();
  }

  private List<IrqProbe> outputs() {
    return IntStream.range(0, 8).mapToObj(i -> gpio.irq("out[" + i + "]")).toList();
  }

  @Test
  void saysWhatItIs() {
    int[] expected = {0x61, 0x10, 0x04, 0x00, 0x0d, 0xf0, 0x05, 0xb1};
    for (int i = 0; i < expected.length; i++) {
      assertThat(gpio.read32(0xfe0 + 4 * i)).isEqualTo(expected[i]);
    }
    gpio.write32(AFSEL, 0x1ff);
    assertThat(gpio.read32(AFSEL)).isEqualTo(0xff);
  }

  @Test
  void theAddressSaysWhichPins() {
    List<IrqProbe> out = outputs();
    gpio.write32(DIR, 0xff);
    gpio.write32(ALL, 0x5a);
    assertThat(levels(out)).isEqualTo(0x5a);
    gpio.write32(0x0f << 2, 0x05);
    assertThat(levels(out)).isEqualTo(0x55);
    assertThat(gpio.read32(0xf0 << 2)).isEqualTo(0x50);
    gpio.write32(0, 0xff);
    assertThat(gpio.read32(ALL)).isEqualTo(0x55);
    assertThat(gpio.read32(0)).isZero();
  }

  @Test
  void onlyOutputsAreDrivenAndOnlyInputsAreSeen() {
    List<IrqProbe> out = outputs();
    gpio.write32(DIR, 0x0f);
    gpio.write32(ALL, 0xff);
    assertThat(levels(out)).isEqualTo(0x0f);
    drive(0, true);
    drive(7, true);
    assertThat(gpio.read32(ALL)).isEqualTo(0x8f);
    gpio.write32(ALL, 0);
    assertThat(gpio.read32(ALL)).isEqualTo(0x80);
    gpio.write32(DIR, 0);
    assertThat(gpio.read32(ALL)).isEqualTo(0x81);
  }

  @Test
  void pinsThatNobodyDrivesCanBeHigh() {
    DeviceProbe<Pl061> other = bench.plug(Pl061Type.TYPE.create(new Pl061.Props(0x03)));
    IrqProbe zero = other.irq("out[0]");
    other.reset();
    assertThat(zero).isHigh();
    other.write32(DIR, 1);
    assertThat(zero).isLow();
  }

  @Test
  void interruptsAtEdges() {
    gpio.write32(IE, 0x07);
    gpio.write32(IEV, 0x01);
    gpio.write32(IBE, 0x04);
    drive(0, true);
    assertThat(gpio.read32(RIS)).isEqualTo(1);
    assertThat(irq).isHigh();
    drive(0, false);
    assertThat(irq).as("remembered").isHigh();
    gpio.write32(IC, 1);
    assertThat(irq).isLow();
    drive(1, true);
    assertThat(irq).isLow();
    drive(1, false);
    assertThat(gpio.read32(MIS)).isEqualTo(2);
    drive(2, true);
    gpio.write32(IC, 6);
    drive(2, false);
    assertThat(gpio.read32(MIS)).isEqualTo(4);
    drive(3, true);
    drive(3, false);
    assertThat(gpio.read32(RIS) & 8).isEqualTo(8);
    assertThat(gpio.read32(MIS) & 8).isZero();
  }

  @Test
  void interruptsWhileALevelStands() {
    gpio.write32(IS, 0xff);
    gpio.write32(IEV, 0x01);
    gpio.write32(IE, 0x03);
    assertThat(gpio.read32(MIS)).as("pin 1 is low").isEqualTo(2);
    drive(1, true);
    assertThat(irq).isLow();
    drive(0, true);
    assertThat(irq).isHigh();
    gpio.write32(IC, 0xff);
    assertThat(irq).as("a level cannot be cleared").isHigh();
    drive(0, false);
    assertThat(irq).isLow();
  }

  @Test
  void comesBackWithItsEdgesAndOutputs() {
    List<IrqProbe> out = outputs();
    gpio.write32(DIR, 0x80);
    gpio.write32(ALL, 0x80);
    gpio.write32(IE, 0x01);
    gpio.write32(IEV, 0x01);
    drive(0, true);
    gpio.saveAndRestore();
    assertThat(irq).isHigh();
    assertThat(levels(out)).isEqualTo(0x80);
  }

  // What is at its other ends.

  @Test
  void aPressedKeyIsDownForAMoment() throws InterruptedException {
    DeviceProbe<GpioKey> key = bench.plug(GpioKey.power());
    key.device().connect("key", gpio.device().input(3));
    gpio.write32(IE, 0x08);
    gpio.write32(IBE, 0x08);
    key.device().press();
    bench.awaitPosts();
    assertThat(irq).isHigh();
    assertThat(gpio.read32(ALL)).isEqualTo(8);
    gpio.write32(IC, 8);
    bench.clock().advance(99_999_999);
    bench.awaitPosts();
    assertThat(gpio.read32(ALL)).isEqualTo(8);
    bench.clock().advance(1);
    bench.awaitPosts();
    assertThat(gpio.read32(ALL)).isZero();
    assertThat(irq).isHigh();
  }

  @Test
  void softwareLearnsOfTheKey() {
    DeviceProbe<GpioKey> key = bench.plug(GpioKey.power());
    key.device().connect("key", gpio.device().input(3));
    bench.machine().describe();
    HardwareNode node = key.device().node();
    assertThat(node.fullName()).isEqualTo("gpio-keys");
    HardwareNode child = node.children().getFirst();
    assertThat(child.fullName()).isEqualTo("poweroff");
    assertThat(child.get("linux,code"))
        .isEqualTo(new HardwareNode.Cells(List.of(new Cell.U32(116))));
    assertThat(child.get("gpios"))
        .isEqualTo(
            new HardwareNode.Cells(
                List.of(
                    new Cell.Reference(gpio.device().node()), new Cell.U32(3), new Cell.U32(0))));
    assertThat(gpio.device().node().properties()).containsKeys("gpio-controller", "#gpio-cells");
  }

  @Test
  void aPinCanEndTheMachine() throws InterruptedException {
    DeviceProbe<GpioPower> power = bench.plug(GpioPower.of());
    gpio.device().connect("out[0]", power.device().input("shutdown"));
    gpio.device().connect("out[1]", power.device().input("reset"));
    gpio.write32(DIR, 0x03);
    bench.machine().reset(ResetCause.POWER_ON);
    gpio.write32(DIR, 0x03);
    gpio.write32(ALL, 0x02);
    bench.awaitPosts();
    assertThat(gpio.read32(DIR)).as("the machine was reset").isZero();
    gpio.write32(DIR, 0x03);
    gpio.write32(ALL, 0x01);
    assertThat(bench.awaitShutdown().cause()).isEqualTo(Shutdown.Cause.GUEST);
  }
}
