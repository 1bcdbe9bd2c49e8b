package dev.kasuari.guests;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** Kernel modules out of a kernel's package together with all that they need, in loading order. */
final class ModuleSet {
  private final Deb deb;
  private final Map<String, KernelModule> found = new LinkedHashMap<>();
  private final Set<String> builtIn = new LinkedHashSet<>();

  private ModuleSet(Deb deb) {
    this.deb = deb;
  }

  /**
   * Reads modules and, pass after pass, what they depend on.
   *
   * @param names with underscores or dashes; one that is built into the kernel is left out
   */
  static List<KernelModule> read(Deb deb, Collection<String> names) throws IOException {
    ModuleSet set = new ModuleSet(deb);
    List<String> roots = names.stream().map(n -> n.replace('-', '_')).toList();
    Set<String> missing = new LinkedHashSet<>(roots);
    while (!missing.isEmpty()) {
      set.pass(missing);
      missing.clear();
      for (KernelModule module : set.found.values()) {
        missing.addAll(module.depends());
      }
      missing.removeAll(set.found.keySet());
      missing.removeAll(set.builtIn);
    }
    return set.ordered(roots);
  }

  private void pass(Set<String> names) throws IOException {
    Map<String, byte[]> files =
        deb.read(p -> names.contains(KernelModule.nameOf(p)) || p.endsWith("/modules.builtin"));
    for (Map.Entry<String, byte[]> file : files.entrySet()) {
      String path = file.getKey();
      if (path.endsWith("/modules.builtin")) {
        new String(file.getValue(), StandardCharsets.UTF_8)
            .lines()
            .map(KernelModule::nameOf)
            .forEach(builtIn::add);
      } else {
        KernelModule module = KernelModule.read(path, file.getValue());
        found.put(module.name(), module);
      }
    }
    for (String name : names) {
      if (!found.containsKey(name) && !builtIn.contains(name)) {
        throw new GuestException("the kernel's package has no module " + name);
      }
    }
  }

  private List<KernelModule> ordered(List<String> roots) {
    Set<String> seen = new LinkedHashSet<>();
    List<KernelModule> order = new ArrayList<>();
    roots.forEach(name -> visit(name, seen, order));
    return order;
  }

  private void visit(String name, Set<String> seen, List<KernelModule> order) {
    KernelModule module = found.get(name);
    if (module != null && seen.add(name)) {
      module.depends().forEach(dependency -> visit(dependency, seen, order));
      order.add(module);
    }
  }
}
