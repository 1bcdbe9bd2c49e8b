package dev.kasuari.vm;

import dev.kasuari.boards.BoardType;
import dev.kasuari.machine.Machine;
import dev.kasuari.machine.backend.BlockBackend;
import dev.kasuari.qapi.OptionException;
import dev.kasuari.qapi.OptionSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** What is in a board's banks of flash: {@code -drive if=pflash}, and {@code -M pflash0=NODE}. */
final class FlashBanks {
  private static final String PROPERTY = "pflash";

  private FlashBanks() {}

  /** The properties of {@code -M} that name them. */
  static List<String> properties(BoardType board) {
    var names = new ArrayList<String>();
    for (int bank = 0; bank < board.flashBanks(); bank++) {
      names.add(PROPERTY + bank);
    }
    return names;
  }

  /**
   * Back ends by the numbers of their banks.
   *
   * @throws OptionException if there is no such bank or node, or two are for the same bank
   */
  static Map<Integer, BlockBackend> find(
      Machine machine,
      MachineDescription description,
      Drives drives,
      Blockdevs blockdevs,
      BackEnds backEnds) {
    BoardType board = description.board();
    var banks = new TreeMap<Integer, BlockBackend>();
    drives
        .ofInterface("pflash")
        .forEach((place, id) -> {
          if (place.bus() != 0 || place.unit() >= board.flashBanks()) {
            throw new OptionException(
                "-drive id=%s: machine type does not support if=pflash,bus=%d,unit=%d"
                    .formatted(id, place.bus(), place.unit()));
          }
          banks.put(place.unit(), named("-drive", id, backEnds));
        });
    OptionSource properties = description.properties();
    for (int bank = 0; bank < board.flashBanks(); bank++) {
      String node = properties.text(PROPERTY + bank);
      if (node == null || node.isEmpty()) {
        continue;
      }
      if (banks.containsKey(bank)) {
        throw new OptionException(
            "-drive if=pflash,unit=" + bank + ": clashes with -machine " + PROPERTY + bank + "=");
      }
      blockdevs.serve(machine, backEnds, node);
      banks.put(bank, named(properties.where() + ": " + PROPERTY + bank, node, backEnds));
    }
    return banks;
  }

  private static BlockBackend named(String where, String id, BackEnds backEnds) {
    BlockBackend found = backEnds.find(BlockBackend.class, id);
    if (found == null) {
      throw new OptionException(
          where + ": Property 'cfi.pflash01.drive' can't find value '" + id + "'");
    }
    return found;
  }
}
