package dev.kasuari.vm;

import dev.kasuari.chardev.MuxChardev;
import dev.kasuari.machine.Machine;
import dev.kasuari.machine.Shutdown;
import dev.kasuari.machine.backend.CharBackend;
import dev.kasuari.qapi.OptionException;
import java.util.ArrayList;
import java.util.List;

/** Opens what serial ports are connected to. */
final class SerialPorts {
  private SerialPorts() {}

  /** All of them, each closed with the machine. */
  static List<CharBackend> open(Machine machine, List<SerialPort> ports) {
    if (ports.stream().filter(SerialPort::stdio).count() > 1) {
      throw new OptionException(
          "-serial: standard input and output can be connected to one serial port only");
    }
    var end = new Shutdown(Shutdown.Cause.HOST, 0, "ended by Ctrl-A x");
    MuxChardev.Commands commands = () -> machine.requestShutdown(end);
    var opened = new ArrayList<CharBackend>();
    for (SerialPort port : ports.isEmpty() ? List.of(SerialPort.nothing()) : ports) {
      opened.add(machine.own(open(port, commands)));
    }
    return opened;
  }

  private static CharBackend open(SerialPort port, MuxChardev.Commands commands) {
    return switch (port) {
      case SerialPort.Given(CharBackend backend) -> backend;
      case SerialPort.Stream(var options) -> {
        try {
          yield options.open(commands);
        } catch (OptionException e) {
          throw new OptionException("-serial " + options.id() + ": " + e.getMessage(), e);
        }
      }
    };
  }
}
