package dev.kasuari.boards;

import dev.kasuari.boot.BootException;
import dev.kasuari.hw.serial.Htif;
import dev.kasuari.machine.Machine;
import dev.kasuari.machine.memory.MemoryRegion;
import java.util.OptionalLong;

/**
 * {@code spike} of RISC-V: what Berkeley's simulator of that name offers, harts and an {@link Htif}
 * by which they print and end.
 */
final class RiscvSpikeBoard extends RiscvBoard {
  private static final int WORD = 8;

  private final Machine machine;
  private final Htif htif;

  RiscvSpikeBoard(Machine machine, BoardOptions options) {
    super("spike", machine, options, true); // HTIF takes a character when asked for one
    this.machine = machine;
    htif = machine.sysBus().map(0x0100_0000, Htif.of(serial())).device();
    describe("ucbbar,spike-bare-dev", "ucbbar,spike-bare,kasuari", "/soc/htif@1000000");
  }

  @Override
  public void load(BootOptions options) throws BootException {
    super.load(options);
    overlay("fromhost", Htif.FROMHOST);
    overlay("tohost", Htif.TOHOST);
  }

  /** Programs for the simulator have the words in their own memory, and name them for it. */
  private void overlay(String symbol, int offset) throws BootException {
    OptionalLong found = symbol(symbol);
    if (found.isPresent()) {
      var word = MemoryRegion.alias("htif." + symbol, htif.region("regs"), offset, WORD);
      machine.locked(() -> machine.root().addOverlapping(found.getAsLong(), word, 1));
    }
  }
}
