package dev.kasuari.img;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;

/** Tools in processes of their own, which signals can reach. */
public final class ToolProcess {
  private ToolProcess() {}

  /** The command line that runs a tool's main class. */
  public static List<String> command(Class<?> tool, String... words) {
    var command = new ArrayList<String>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(List.of("-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1"));
    Module module = tool.getModule();
    if (module.isNamed()) {
      command.add("--enable-native-access=dev.kasuari.host,com.github.luben.zstd_jni");
      command.addAll(List.of("--module-path", modulePath(module)));
      command.addAll(List.of("--module", module.getName() + "/" + tool.getName()));
    } else {
      command.add("--enable-native-access=ALL-UNNAMED");
      command.addAll(List.of("-cp", System.getProperty("java.class.path"), tool.getName()));
    }
    command.addAll(List.of(words));
    return command;
  }

  /** Where the modules are that run now, without those of the JDK. */
  private static String modulePath(Module module) {
    return module.getLayer().configuration().modules().stream()
        .flatMap(m -> m.reference().location().stream())
        .filter(l -> l.getScheme().equals("file"))
        .map(l -> Path.of(l).toString())
        .distinct()
        .collect(Collectors.joining(":"));
  }
}
