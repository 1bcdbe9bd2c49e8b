package dev.kasuari.boards;

import dev.kasuari.machine.HardwareNode;
import dev.kasuari.machine.Machine;
import dev.kasuari.machine.time.Timebase;
import dev.kasuari.qapi.OptionException;
import dev.kasuari.target.arm.cpu.ArmCpu;
import dev.kasuari.target.arm.cpu.ArmModel;
import dev.kasuari.target.arm.translate.ArmInstructionSet;
import dev.kasuari.tcg.TcgAccelerator;
import java.util.ArrayList;
import java.util.List;

/** The processing elements of a board, and what the devicetree says of them. */
final class ArmCpus {
  private final ArmModel model;
  private final List<ArmCpu> cpus;
  private final List<HardwareNode> nodes = new ArrayList<>();

  /**
   * As many as {@code options} say.
   *
   * @param properties which exception levels there are
   */
  ArmCpus(Machine machine, BoardOptions options, ArmVirtOptions properties) {
    model = model(options.cpu()).withLevels(properties.virtualization(), properties.secure());
    var time = Timebase.of(machine.clock(), model.counterFrequency());
    TcgAccelerator accelerator = options.accelerator(machine, new ArmInstructionSet());
    var added = new ArrayList<ArmCpu>();
    for (int i = 0; i < options.cpus(); i++) {
      ArmCpu cpu = machine.own(new ArmCpu(i, model, machine, time));
      added.add(cpu);
      accelerator.add(cpu);
    }
    cpus = List.copyOf(added);
    describe(machine.hardware().child("cpus"));
  }

  /** Lines for {@code -cpu help}. */
  static List<String> help() {
    return ArmModel.help();
  }

  private static ArmModel model(String cpu) {
    try {
      return ArmModel.parse(cpu);
    } catch (IllegalArgumentException e) {
      throw new OptionException(String.valueOf(e.getMessage()), e);
    }
  }

  /** All of them, by number. */
  List<ArmCpu> all() {
    return cpus;
  }

  ArmModel model() {
    return model;
  }

  private void describe(HardwareNode parent) {
    parent.u32("#address-cells", 1).u32("#size-cells", 0);
    HardwareNode cluster = new HardwareNode("cluster0");
    for (ArmCpu cpu : cpus) {
      HardwareNode node =
          parent
              .child("cpu")
              .unit(cpu.affinity())
              .strings("device_type", "cpu")
              .compatible(model.compatible())
              .u32("reg", (int) cpu.affinity());
      cluster.child("core" + cpu.index()).references("cpu", node);
      nodes.add(node);
    }
    parent.child("cpu-map").child("socket0").add(cluster);
  }

  /** Says that firmware switches them on. */
  void describeFirmware() {
    if (cpus.size() > 1) {
      nodes.forEach(node -> node.strings("enable-method", "psci"));
    }
  }
}
