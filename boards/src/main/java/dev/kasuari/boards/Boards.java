package dev.kasuari.boards;

import java.util.List;

/** All machine types. */
public final class Boards {
  private Boards() {}

  /** Those of one architecture ({@code riscv64}), the default first. */
  public static List<BoardType> of(String target) {
    return all().stream().filter(b -> b.target().equals(target)).toList();
  }

  /** All of them. */
  public static List<BoardType> all() {
    return List.of(
        new RiscvBoardType("virt", "RISC-V VirtIO board", 2, RiscvVirtBoard::new),
        new RiscvBoardType("spike", "RISC-V Spike board", 0, RiscvSpikeBoard::new),
        new ArmBoardType());
  }
}
