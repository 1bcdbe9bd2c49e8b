package dev.kasuari.hw.misc;

import dev.kasuari.machine.Device;
import dev.kasuari.machine.DeviceModel;
import dev.kasuari.machine.HardwareNode;
import dev.kasuari.machine.Power;
import dev.kasuari.machine.Registers;
import dev.kasuari.machine.ResetCause;
import dev.kasuari.machine.Shutdown;
import dev.kasuari.machine.SysBus;
import dev.kasuari.machine.Wiring;

/**
 * SiFive test finisher: a guest ends or resets its machine and says how it went. Source: Linux,
 * Documentation/devicetree/bindings, "syscon-poweroff", "syscon-reboot", with the values that
 * boards with "sifive,test0" and "sifive,test1" name.
 */
@DeviceModel(name = "riscv.sifive.test", bus = SysBus.class)
public final class TestFinisher extends Device<TestFinisher.Props, TestFinisher.State> {
  /** Ends with the code in the upper half. */
  public static final int FAIL = 0x3333;

  /** Ends with success. */
  public static final int PASS = 0x5555;

  /** Resets the machine. */
  public static final int RESET = 0x7777;

  /** There is nothing to choose. */
  public record Props() {}

  /** It remembers nothing. */
  public static final class State {}

  private Power power;

  /** A finisher. */
  public static TestFinisher of() {
    return TestFinisherType.TYPE.create(new Props());
  }

  @Override
  protected void realize(Wiring w) {
    power = w.power();
    w.region(
        "regs",
        0x1000,
        Registers.width(4)
            .accepts(2, 4)
            .at(0x00, "FINISHER")
            .field("STATUS", 0, 16, "0x3333 fail, 0x5555 pass, 0x7777 reset")
            .field("CODE", 16, 16, "what to exit with on fail")
            .constant(0)
            .write(this::finish));
  }

  private void finish(long value) {
    int code = (int) value >>> 16;
    switch ((int) value & 0xffff) {
      case FAIL -> end(code, "the guest ended with code " + code);
      case PASS -> end(0, "the guest ended");
      case RESET -> power.requestReset(ResetCause.GUEST);
      default -> {} // other values mean nothing
    }
  }

  private void end(int code, String reason) {
    power.requestShutdown(new Shutdown(Shutdown.Cause.GUEST, code, reason));
  }

  @Override
  public void describe(HardwareNode n) {
    n.named("test").compatible("sifive,test1", "sifive,test0", "syscon").reg();
  }
}
