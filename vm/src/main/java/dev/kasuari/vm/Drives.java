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

  /** Where a drive is among those of its interface. */
  record Place(String interfaceName, int bus, int unit) {}

  /** Ids by place. */
  private final Map<Place, String> places = new LinkedHashMap<>();

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
    Place place = place(drive);
    String given = drive.id();
    String id = given == null ? place.interfaceName() + place.unit() : given;
    if (backEnds.hasDrive(id)) {
      throw new OptionException("-drive: id '" + id + "' is taken already");
    }
    BlockBackend backend =
        machine.own(Images.open("-drive", graph, drive.image(id), drive.extras(snapshots)));
    backEnds.add(backend);
    places.put(place, id);
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

  /** Ids of the drives of an interface. */
  Map<Place, String> ofInterface(String name) {
    var found = new LinkedHashMap<>(places);
    found.keySet().removeIf(place -> !place.interfaceName().equals(name));
    return found;
  }

  /** As it says, or the first that is free. */
  private Place place(Drive drive) {
    Integer given = drive.unit();
    int unit = given == null ? 0 : given;
    var place = new Place(drive.interfaceName(), drive.bus(), unit);
    if (given != null && places.containsKey(place)) {
      throw new OptionException(
          "-drive if=%s: drive with bus=%d, unit=%d (index=%d) exists"
              .formatted(place.interfaceName(), place.bus(), unit, drive.index()));
    }
    while (places.containsKey(place)) {
      place = new Place(place.interfaceName(), place.bus(), ++unit);
    }
    return place;
  }
}
