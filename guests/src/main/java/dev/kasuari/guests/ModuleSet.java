package dev.kasuari.guests;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** Kernel modules out of a kernel's package together with all that they need, in loading order. */
final class ModuleSet {
  private static final String BUILT_IN = "/modules.builtin";

  private final Map<String, String> paths = new HashMap<>();
  private final Map<String, byte[]> files;
  private final Set<String> builtIn = new HashSet<>();
  private final Set<String> seen = new LinkedHashSet<>();
  private final List<KernelModule> order = new ArrayList<>();

  private ModuleSet(Map<String, byte[]> files) {
    this.files = files;
    files.forEach((path, data) -> {
      if (path.endsWith(BUILT_IN)) {
        new String(data, StandardCharsets.UTF_8)
            .lines()
            .map(KernelModule::nameOf)
            .forEach(builtIn::add);
      } else if (!KernelModule.nameOf(path).isEmpty()) {
        paths.put(KernelModule.nameOf(path), path);
      }
    });
  }

  /** Whether a package's file is one that {@link #of} wants to see. */
  static boolean concerns(String path) {
    return path.endsWith(BUILT_IN) || !KernelModule.nameOf(path).isEmpty();
  }

  /**
   * The modules and all that they need, each after what it needs.
   *
   * @param files of the kernel's package, still compressed
   * @param names with underscores or dashes; what is built into the kernel is left out
   */
  static List<KernelModule> of(Map<String, byte[]> files, Collection<String> names)
      throws IOException {
    ModuleSet set = new ModuleSet(files);
    for (String name : names) {
      set.add(name.replace('-', '_'));
    }
    return set.order;
  }

  private void add(String name) throws IOException {
    if (builtIn.contains(name) || !seen.add(name)) {
      return;
    }
    String path = paths.get(name);
    byte[] file = path == null ? null : files.get(path);
    if (path == null || file == null) {
      throw new GuestException("the kernel's package has no module " + name);
    }
    KernelModule module = KernelModule.read(path, file);
    for (String dependency : module.depends()) {
      add(dependency);
    }
    order.add(module);
  }
}
