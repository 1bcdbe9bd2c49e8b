package dev.kasuari.boards;

import dev.kasuari.hw.timer.Aclint;
import dev.kasuari.machine.HardwareNode;
import dev.kasuari.machine.InterruptSpecifier;
import dev.kasuari.machine.IrqLine;
import dev.kasuari.machine.Machine;
import dev.kasuari.machine.time.Timebase;
import dev.kasuari.qapi.OptionException;
import dev.kasuari.target.riscv.cpu.RiscvCpu;
import dev.kasuari.target.riscv.cpu.RiscvModel;
import dev.kasuari.target.riscv.cpu.RiscvOption;
import dev.kasuari.target.riscv.translate.RiscvInstructionSet;
import dev.kasuari.tcg.TcgAccelerator;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** The harts of a board, wired to their timer, and what the devicetree says of them. */
final class RiscvHarts {
  // How a hart's own interrupt controller numbers its inputs (privileged manual, table 14).
  private static final int MACHINE_SOFTWARE = 3;
  private static final int MACHINE_TIMER = 7;
  private static final int SUPERVISOR_EXTERNAL = 9;
  private static final int MACHINE_EXTERNAL = 11;

  private final RiscvModel model;
  private final List<RiscvCpu> harts;

  /**
   * As many harts as {@code options} say.
   *
   * @param start where they begin at a reset
   * @param aclint their timer, which is on its bus already
   */
  RiscvHarts(Machine machine, BoardOptions options, long start, Aclint aclint) {
    model = model(options.cpu());
    var time = new Timebase(aclint::mtime, aclint.frequency());
    TcgAccelerator accelerator = options.accelerator(machine, new RiscvInstructionSet());
    var added = new ArrayList<RiscvCpu>();
    for (int i = 0; i < options.cpus(); i++) {
      RiscvCpu hart = machine.own(new RiscvCpu(i, model, machine, time));
      hart.setResetVector(start);
      added.add(hart);
      accelerator.add(hart);
    }
    harts = List.copyOf(added);
    describe(machine.hardware().child("cpus"), aclint.frequency());
    connect(aclint);
  }

  List<RiscvCpu> all() {
    return harts;
  }

  private static RiscvModel model(String cpu) {
    try {
      return parseModel(cpu);
    } catch (IllegalArgumentException e) {
      throw new OptionException(String.valueOf(e.getMessage()), e);
    }
  }

  private static RiscvModel parseModel(String cpu) {
    String[] parts = cpu.split(",", -1);
    RiscvModel model = RiscvModel.named(parts[0]);
    for (int i = 1; i < parts.length; i++) {
      int equals = parts[i].indexOf('=');
      String property = equals < 0 ? parts[i] : parts[i].substring(0, equals);
      model = model.with(property, equals < 0 ? "on" : parts[i].substring(equals + 1));
    }
    return model.checked();
  }

  private void describe(HardwareNode cpus, long frequency) {
    cpus.u32("#address-cells", 1)
        .u32("#size-cells", 0)
        .u32("timebase-frequency", Math.toIntExact(frequency));
    HardwareNode cluster = new HardwareNode("cluster0");
    for (RiscvCpu hart : harts) {
      HardwareNode cpu =
          cpus.child("cpu")
              .unit(hart.index())
              .strings("device_type", "cpu")
              .u32("reg", hart.index())
              .strings("status", "okay")
              .compatible("riscv")
              .strings("riscv,isa-base", model.isaBase())
              .strings("riscv,isa-extensions", model.isaExtensions().toArray(String[]::new))
              .strings("riscv,isa", model.isaString())
              .strings("mmu-type", model.mmuType());
      cacheBlocks(cpu);
      HardwareNode intc =
          cpu.child("interrupt-controller")
              .u32("#interrupt-cells", 1)
              .flag("interrupt-controller")
              .compatible("riscv,cpu-intc");
      number(hart.machineSoftwareInput(), intc, MACHINE_SOFTWARE);
      number(hart.machineTimerInput(), intc, MACHINE_TIMER);
      number(hart.machineExternalInput(), intc, MACHINE_EXTERNAL);
      number(hart.supervisorExternalInput(), intc, SUPERVISOR_EXTERNAL);
      cluster.child("core" + hart.index()).references("cpu", cpu);
    }
    cpus.child("cpu-map").add(cluster);
  }

  private void cacheBlocks(HardwareNode cpu) {
    var sizes =
        Map.of(
            RiscvOption.ZICBOM, "riscv,cbom-block-size",
            RiscvOption.ZICBOP, "riscv,cbop-block-size",
            RiscvOption.ZICBOZ, "riscv,cboz-block-size");
    sizes.forEach((option, name) -> {
      if (model.has(option)) {
        cpu.u32(name, RiscvModel.CACHE_BLOCK);
      }
    });
  }

  private static void number(IrqLine input, HardwareNode controller, int number) {
    input.describe(new InterruptSpecifier(controller, List.of(number)));
  }

  private void connect(Aclint aclint) {
    for (RiscvCpu hart : harts) {
      aclint.connect("msip[" + hart.index() + "]", hart.machineSoftwareInput());
      aclint.connect("mtip[" + hart.index() + "]", hart.machineTimerInput());
    }
    aclint.onTimeChange(() -> harts.forEach(RiscvCpu::timeChanged));
  }
}
