package dev.kasuari.qapi;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Commands by name. Every part of the machine contributes its own; the monitor has them all. */
public final class CommandSet {
  private final Map<String, Command<?>> commands = new LinkedHashMap<>();

  /**
   * Adds commands.
   *
   * @throws IllegalArgumentException if a name is taken
   */
  public CommandSet add(Command<?>... more) {
    for (Command<?> command : more) {
      if (commands.putIfAbsent(command.name(), command) != null) {
        throw new IllegalArgumentException("command '" + command.name() + "' exists already");
      }
    }
    return this;
  }

  /** All commands in the order they were added. */
  public List<Command<?>> commands() {
    return new ArrayList<>(commands.values());
  }

  /**
   * The command of that name.
   *
   * @throws OptionException with the nearest name if there is none
   */
  public Command<?> find(String name) {
    Command<?> command = commands.get(name);
    if (command == null) {
      throw new OptionException(
          "unknown command '" + name + "'" + Nearest.hint(name, commands.keySet()));
    }
    return command;
  }
}
