package dev.kasuari.machine;

import dev.kasuari.qapi.Nearest;
import dev.kasuari.qapi.OptionException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.ServiceLoader;
import java.util.TreeMap;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** All kinds of devices that there are. */
public final class DeviceTypes {
  private final Supplier<Map<String, DeviceType<?, ?, ?>>> source;
  private @Nullable Map<String, DeviceType<?, ?, ?>> types;

  private DeviceTypes(Supplier<Map<String, DeviceType<?, ?, ?>>> source) {
    this.source = source;
  }

  /**
   * These types.
   *
   * @throws IllegalArgumentException if two have the same name
   */
  public DeviceTypes(Collection<? extends DeviceType<?, ?, ?>> types) {
    this(() -> byName(types));
    var _ = types();
  }

  /**
   * The types of all {@link DeviceSet}s that modules provide. They are looked for when somebody
   * asks: a machine without {@code -device} starts sooner by some milliseconds.
   */
  public static DeviceTypes load() {
    return new DeviceTypes(() -> {
      var all = new ArrayList<DeviceType<?, ?, ?>>();
      for (DeviceSet set : sets()) {
        all.addAll(set.types());
      }
      return byName(all);
    });
  }

  private static Map<String, DeviceType<?, ?, ?>> byName(
      Collection<? extends DeviceType<?, ?, ?>> types) {
    var named = new TreeMap<String, DeviceType<?, ?, ?>>();
    for (DeviceType<?, ?, ?> type : types) {
      if (named.putIfAbsent(type.name(), type) != null) {
        throw new IllegalArgumentException("two device types are called " + type.name());
      }
    }
    return named;
  }

  private synchronized Map<String, DeviceType<?, ?, ?>> types() {
    Map<String, DeviceType<?, ?, ?>> known = types;
    if (known == null) {
      known = source.get();
      types = known;
    }
    return known;
  }

  /** A layer of modules knows what they provide; a search of the class path takes its time. */
  private static ServiceLoader<DeviceSet> sets() {
    ModuleLayer layer = DeviceTypes.class.getModule().getLayer();
    return layer == null
        ? ServiceLoader.load(DeviceSet.class)
        : ServiceLoader.load(layer, DeviceSet.class);
  }

  /** All of them by name. */
  public List<DeviceType<?, ?, ?>> all() {
    return List.copyOf(types().values());
  }

  /**
   * The type of that name.
   *
   * @throws OptionException with the nearest name if there is none
   */
  public DeviceType<?, ?, ?> find(String name) {
    return find("-device " + name, name);
  }

  /**
   * As {@link #find(String)}.
   *
   * @param where what the complaint begins with
   */
  public DeviceType<?, ?, ?> find(String where, String name) {
    DeviceType<?, ?, ?> type = types().get(name);
    if (type == null) {
      throw new OptionException(where + ": no such device" + Nearest.hint(name, types().keySet()));
    }
    return type;
  }

  /** True if there is a type of that name. */
  public boolean has(String name) {
    return types().containsKey(name);
  }

  /** What {@code -device help} prints. */
  public String help() {
    var out = new StringBuilder();
    for (DeviceType<?, ?, ?> type : types().values()) {
      String left = "  " + type.name() + " (" + type.bus().getSimpleName() + ")";
      out.append(left).append(" ".repeat(Math.max(1, 36 - left.length()))).append(type.doc());
      out.append(System.lineSeparator());
    }
    return out.toString();
  }
}
