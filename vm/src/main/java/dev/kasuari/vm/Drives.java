package dev.kasuari.vm;

import dev.kasuari.block.BlockGraph;
import dev.kasuari.block.Images;
import dev.kasuari.machine.Machine;
import dev.kasuari.machine.backend.BlockBackend;
import dev.kasuari.qapi.Json;
import dev.kasuari.qapi.OptionException;
import dev.kasuari.qapi.OptionSource;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Opens what {@code -drive} names, and plugs those that say how the guest is to see them. */
final class Drives {
  /** Those for which the machine makes a device. */
  private final List<BlockBackend> plugged = new ArrayList<>();

  private final Map<String, Integer> counts = new LinkedHashMap<>();

  private final BlockGraph graph;
  private final boolean snapshots;

  /**
   * Drives whose nodes are in {@code graph}.
   *
   * @param snapshots whether drives that say nothing of it have what is written forgotten
   */
  Drives(BlockGraph graph, boolean snapshots) {
    this.graph = graph;
    this.snapshots = snapshots;
  }

  /** Opens a drive, which the machine closes. */
  void open(Machine machine, Drive drive, BackEnds backEnds) {
    String id = drive.id() == null ? freeId(drive, backEnds) : drive.id();
    if (backEnds.hasDrive(id)) {
      throw new OptionException("-drive: id '" + id + "' is taken already");
    }
    BlockBackend backend =
        machine.own(Images.open("-drive", graph, drive.image(id), drive.extras(snapshots)));
    backEnds.add(backend);
    if (drive.plugged()) {
      plugged.add(backend);
    }
  }

  /** Makes the devices, each on the next free bus. */
  void plug(Plugging plugging) {
    for (BlockBackend drive : plugged) {
      Json driver = new Json.Text("virtio-blk-device");
      var members = Map.of("driver", driver, "drive", new Json.Text(drive.id()));
      plugging.plug(OptionSource.of("-drive id=" + drive.id(), new Json.Members(members)));
    }
  }

  /** {@code virtio0}, {@code none3}: interface and place, as QEMU has it. */
  private String freeId(Drive drive, BackEnds backEnds) {
    String prefix = drive.interfaceName();
    int number = drive.index() == null ? counts.getOrDefault(prefix, 0) : drive.index();
    while (backEnds.hasDrive(prefix + number)) {
      number++;
    }
    counts.put(prefix, number + 1);
    return prefix + number;
  }
}
