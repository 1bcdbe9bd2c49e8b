package dev.kasuari.vm;

import dev.kasuari.machine.backend.BlockBackend;
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
  private final Map<String, BlockBackend> drives = new LinkedHashMap<>();
  private final Set<String> used = new LinkedHashSet<>();

  void add(BlockBackend drive) {
    drives.put(drive.id(), drive);
  }

  boolean has(String id) {
    return drives.containsKey(id);
  }

  @Override
  public <T> @Nullable T find(Class<T> type, String id) {
    if (!type.equals(BlockBackend.class) || !drives.containsKey(id)) {
      return null;
    }
    if (!used.add(id)) {
      throw new OptionException("drive '" + id + "' has a device already");
    }
    return type.cast(drives.get(id));
  }

  @Override
  public Collection<String> ids(Class<?> type) {
    List<String> free = new ArrayList<>();
    if (type.equals(BlockBackend.class)) {
      free.addAll(drives.keySet());
      free.removeAll(used);
    }
    return free;
  }
}
