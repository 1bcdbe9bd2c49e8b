package dev.kasuari.boards;

import dev.kasuari.machine.Machine;
import dev.kasuari.target.riscv.cpu.RiscvModel;
import java.util.ArrayList;
import java.util.List;
import java.util.function.BiFunction;

/**
 * A RISC-V board. Addresses and interrupt numbers are those that QEMU gave the board of that name.
 *
 * @param name what {@code -M} calls it
 * @param description a line for {@code -M help}
 * @param flashBanks how many there are
 * @param wiring puts the parts together
 */
record RiscvBoardType(
    String name,
    String description,
    int flashBanks,
    BiFunction<Machine, BoardOptions, Board> wiring)
    implements BoardType {
  private static final int MAX_CPUS = 8;

  @Override
  public String target() {
    return "riscv64";
  }

  @Override
  public String defaultCpu() {
    return "rv64";
  }

  @Override
  public List<String> cpuHelp() {
    var lines = new ArrayList<String>();
    RiscvModel.all().forEach(model -> lines.add(model.name()));
    lines.add("");
    lines.add("Properties, as in -cpu rv64,zba=off:");
    lines.addAll(RiscvModel.properties());
    return lines;
  }

  @Override
  public long defaultRam() {
    return 128L << 20;
  }

  @Override
  public int maxCpus() {
    return MAX_CPUS;
  }

  @Override
  public Board build(Machine machine, BoardOptions options) {
    return wiring.apply(machine, options);
  }
}
