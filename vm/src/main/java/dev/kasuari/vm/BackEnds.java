package dev.kasuari.vm;

import dev.kasuari.machine.backend.BlockBackend;
import dev.kasuari.machine.backend.CharBackend;
import dev.kasuari.machine.backend.NetBackend;
import dev.kasuari.qapi.OptionException;
import dev.kasuari.qapi.References;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** The back ends of one machine by id, each for one device. */
final class BackEnds implements References {
  /** Those of a kind. */
  private static final class Kind<T> {
    final Class<T> type;
    final String option;
    final Map<String, T> all = new LinkedHashMap<>();
    final Set<String> used = new LinkedHashSet<>();

    Kind(Class<T> type, String option) {
      this.type = type;
      this.option = option;
    }

    void add(String id, T backEnd) {
      if (all.putIfAbsent(id, backEnd) != null) {
        throw new OptionException("-" + option + ": id '" + id + "' is taken already");
      }
    }
  }

  private final Kind<BlockBackend> drives = new Kind<>(BlockBackend.class, "drive");
  private final Kind<CharBackend> chardevs = new Kind<>(CharBackend.class, "chardev");
  private final Kind<NetBackend> netdevs = new Kind<>(NetBackend.class, "netdev");

  void add(BlockBackend drive) {
    drives.add(drive.id(), drive);
  }

  void add(CharBackend chardev) {
    chardevs.add(chardev.id(), chardev);
  }

  void add(NetBackend netdev) {
    netdevs.add(netdev.id(), netdev);
  }

  /** Its device is gone: another may have it. */
  void releaseDrive(String id) {
    drives.used.remove(id);
  }

  /** True if no device has it. */
  boolean isFree(String drive) {
    return !drives.used.contains(drive);
  }

  boolean hasDrive(String id) {
    return drives.all.containsKey(id);
  }

  boolean hasNetdev(String id) {
    return netdevs.all.containsKey(id);
  }

  private @Nullable Kind<?> kind(Class<?> type) {
    for (Kind<?> kind : List.of(drives, chardevs, netdevs)) {
      if (kind.type.equals(type)) {
        return kind;
      }
    }
    return null;
  }

  @Override
  public <T> @Nullable T find(Class<T> type, String id) {
    Kind<?> kind = kind(type);
    if (kind == null || !kind.all.containsKey(id)) {
      return null;
    }
    if (!kind.used.add(id)) {
      throw new OptionException(kind.option + " '" + id + "' has a device already");
    }
    return type.cast(kind.all.get(id));
  }

  @Override
  public Collection<String> ids(Class<?> type) {
    Kind<?> kind = kind(type);
    List<String> free = new ArrayList<>();
    if (kind != null) {
      free.addAll(kind.all.keySet());
      free.removeAll(kind.used);
    }
    return free;
  }
}
