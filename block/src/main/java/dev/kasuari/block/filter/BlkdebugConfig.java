package dev.kasuari.block.filter;

import dev.kasuari.block.BlockException;
import dev.kasuari.block.filter.BlkdebugDriver.InjectError;
import dev.kasuari.block.filter.BlkdebugDriver.SetState;
import dev.kasuari.qapi.Json;
import dev.kasuari.qapi.OptionException;
import dev.kasuari.qapi.OptionSource;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A file of rules: sections {@code [inject-error]} and {@code [set-state]} with lines {@code key =
 * "value"}. Source: QEMU's documentation, "Block I/O error injection using blkdebug".
 */
final class BlkdebugConfig {
  private static final Pattern SECTION = Pattern.compile("\\[(inject-error|set-state)\\]");
  private static final Pattern VALUE = Pattern.compile("([a-z_-]+)\\s*=\\s*\"([^\"]*)\"");

  private BlkdebugConfig() {}

  static void read(String path, List<InjectError> errors, List<SetState> states) {
    List<String> lines;
    try {
      lines = Files.readAllLines(Path.of(path));
    } catch (IOException e) {
      throw BlockException.invalid("Could not read blkdebug config file '" + path + "'");
    }
    String section = "";
    var values = new LinkedHashMap<String, Json>();
    for (int i = 0; i < lines.size(); i++) {
      String line = lines.get(i).strip();
      Matcher head = SECTION.matcher(line);
      Matcher value = VALUE.matcher(line);
      if (line.isEmpty() || line.startsWith("#")) {
        continue;
      }
      if (head.matches()) {
        end(path, section, values, errors, states);
        section = head.group(1);
        values.clear();
      } else if (value.matches() && !section.isEmpty()) {
        values.put(value.group(1), new Json.Text(value.group(2)));
      } else {
        throw BlockException.invalid(
            path + ":" + (i + 1) + ": neither [inject-error], [set-state] nor key = \"value\"");
      }
    }
    end(path, section, values, errors, states);
  }

  private static void end(
      String path,
      String section,
      Map<String, Json> values,
      List<InjectError> errors,
      List<SetState> states) {
    var source = new OptionSource(path, new Json.Members(values), false, Set.of());
    try {
      switch (section) {
        case "inject-error" -> errors.add(BlkdebugDriverInjectErrorCodec.CODEC.parse(source));
        case "set-state" -> states.add(BlkdebugDriverSetStateCodec.CODEC.parse(source));
        default -> {}
      }
    } catch (OptionException e) {
      throw BlockException.invalid(String.valueOf(e.getMessage()));
    }
  }
}
