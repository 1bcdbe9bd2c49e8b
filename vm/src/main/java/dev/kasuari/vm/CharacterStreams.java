package dev.kasuari.vm;

import dev.kasuari.chardev.ChardevOptions;
import dev.kasuari.chardev.PtyChardev;
import dev.kasuari.machine.Machine;
import dev.kasuari.machine.backend.CharBackend;
import dev.kasuari.qapi.Nearest;
import dev.kasuari.qapi.OptionException;
import dev.kasuari.qapi.OptionSource;
import java.util.ArrayList;
import java.util.List;

/** Opens what {@code -chardev} and {@code -serial} name; all is closed with the machine. */
final class CharacterStreams {
  private final Machine machine;
  private final BackEnds backEnds;
  private final List<VirtualMachine.Redirection> redirections = new ArrayList<>();
  private boolean stdio;

  CharacterStreams(Machine machine, BackEnds backEnds) {
    this.machine = machine;
    this.backEnds = backEnds;
  }

  /** Those that somebody has to be told where to find. */
  List<VirtualMachine.Redirection> redirections() {
    return List.copyOf(redirections);
  }

  /** One of {@code -chardev}. */
  void add(OptionSource source) {
    ChardevOptions options = Chardevs.parse(source);
    backEnds.add(open(source.where(), options.id(), options));
  }

  /** What the serial ports are connected to. */
  List<CharBackend> serials(List<SerialPort> ports) {
    var opened = new ArrayList<CharBackend>();
    for (SerialPort port : ports.isEmpty() ? List.of(SerialPort.nothing()) : ports) {
      opened.add(serial(port, "serial" + opened.size()));
    }
    return opened;
  }

  private CharBackend serial(SerialPort port, String label) {
    if (port instanceof SerialPort.Stream(var options)) {
      return open("-serial " + options.id(), label, options);
    }
    return port instanceof SerialPort.Given(CharBackend backend)
        ? machine.own(backend)
        : named(((SerialPort.Named) port).id());
  }

  private CharBackend named(String id) {
    String where = "-serial chardev:" + id;
    List<String> ids = List.copyOf(backEnds.ids(CharBackend.class));
    try {
      CharBackend found = backEnds.find(CharBackend.class, id);
      if (found == null) {
        throw new OptionException("there is no -chardev with that id" + Nearest.hint(id, ids));
      }
      return found;
    } catch (OptionException e) {
      throw new OptionException(where + ": " + e.getMessage(), e);
    }
  }

  private CharBackend open(String where, String label, ChardevOptions options) {
    if (options instanceof ChardevOptions.Stdio) {
      if (stdio) {
        throw new OptionException(
            where + ": standard input and output can be connected to one device only");
      }
      stdio = true;
    }
    try {
      CharBackend backend = machine.own(options.open(machine::requestShutdown));
      if (backend instanceof PtyChardev pty) {
        redirections.add(new VirtualMachine.Redirection(label, pty.path()));
      }
      return backend;
    } catch (OptionException e) {
      throw new OptionException(where + ": " + e.getMessage(), e);
    }
  }
}
