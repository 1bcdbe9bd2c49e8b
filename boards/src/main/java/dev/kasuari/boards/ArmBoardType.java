package dev.kasuari.boards;

import dev.kasuari.machine.Machine;
import dev.kasuari.qapi.Schema;
import java.util.List;

/** {@code virt} of Arm, with addresses and interrupt numbers as QEMU gave them to its own. */
final class ArmBoardType implements BoardType {
  private static final int MAX_CPUS = 8;

  @Override
  public String name() {
    return "virt";
  }

  @Override
  public String description() {
    return "Arm VirtIO board";
  }

  @Override
  public String target() {
    return "aarch64";
  }

  /** QEMU's own default has no 64 bits, and nobody who wants this machine means it. */
  @Override
  public String defaultCpu() {
    return "cortex-a57";
  }

  @Override
  public List<String> cpuHelp() {
    return ArmCpus.help();
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
  public Schema.Struct properties() {
    return ArmVirtOptionsCodec.CODEC.schema();
  }

  @Override
  public int flashBanks() {
    return 2;
  }

  @Override
  public Board build(Machine machine, BoardOptions options) {
    return new ArmVirtBoard(machine, options, ArmVirtOptions.parse(options.properties()));
  }
}
