package dev.kasuari.img.io;

import dev.kasuari.img.io.IoCommand.Needs;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** Commands about the program itself, and the list of all. */
final class ProgramCommands {
  private ProgramCommands() {}

  /** All commands, by name. */
  static List<IoCommand> everything() {
    var all = new ArrayList<IoCommand>();
    all.addAll(ReadCommands.all());
    all.addAll(WriteCommands.all());
    all.addAll(ImageCommands.all());
    all.add(
        command(
            "abort", "", 0, 0, "", "ends the program as a crash does", (s, w) -> raise(s, "ABRT")));
    all.addAll(BreakCommands.all());
    all.add(
        new IoCommand(
            "help",
            "?",
            0,
            1,
            Needs.NOTHING,
            "",
            "[command]",
            "says what commands there are",
            ProgramCommands::help));
    all.add(
        new IoCommand(
            "quit", "q", 0, -1, Needs.NOTHING, "", "", "ends the program", (s, w) -> s.quit()));
    all.add(
        new IoCommand(
            "sigraise",
            "",
            1,
            1,
            Needs.NOTHING,
            "",
            "signal",
            "raises a signal",
            (s, w) -> raise(s, Long.toString(Numbers.size(w.rest().getFirst())))));
    all.add(
        new IoCommand(
            "sleep",
            "",
            1,
            1,
            Needs.NOTHING,
            "",
            "",
            "waits so many milliseconds",
            ProgramCommands::sleep));
    all.sort(Comparator.comparing(IoCommand::name));
    return all;
  }

  private static IoCommand command(
      String name,
      String alias,
      int least,
      int most,
      String syntax,
      String doc,
      IoCommand.Body body) {
    Needs needs = name.equals("abort") ? Needs.NOTHING : Needs.IMAGE;
    return new IoCommand(name, alias, least, most, needs, "", syntax, doc, body);
  }

  private static void help(IoSession session, Words words) {
    if (words.rest().isEmpty()) {
      everything().forEach(c -> session.out().println(c.line()));
      session.out().println();
      session.out().println("Use 'help commandname' for extended help.");
      return;
    }
    String name = words.rest().getFirst();
    for (IoCommand command : everything()) {
      if (command.called(name)) {
        session.out().println(command.line());
        OptionHelp.print(session.out(), command);
        return;
      }
    }
    throw IoException.result("command " + name + " not found");
  }

  private static void sleep(IoSession session, Words words) {
    String text = words.rest().getFirst();
    long milliseconds;
    try {
      milliseconds = Long.decode(text);
    } catch (NumberFormatException e) {
      milliseconds = -1;
    }
    if (milliseconds < 0 || milliseconds > Integer.MAX_VALUE) {
      throw IoException.result(text + " is not a valid number");
    }
    try {
      TimeUnit.MILLISECONDS.sleep(milliseconds);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /** The process gets a signal; images stay as they are. */
  private static void raise(IoSession session, String signal) {
    session.out().flush();
    try {
      long self = ProcessHandle.current().pid();
      int code = new ProcessBuilder("kill", "-" + signal, Long.toString(self)).start().waitFor();
      if (code != 0) {
        throw IoException.result(signal + " is not a signal");
      }
      if (!signal.equals("0")) {
        TimeUnit.MILLISECONDS.sleep(200); // it is delivered to some thread, soon
      }
    } catch (IOException e) {
      throw IoException.result("cannot raise a signal: " + e.getMessage());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
