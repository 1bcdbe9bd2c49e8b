package dev.kasuari.cli;

import dev.kasuari.boards.BoardType;
import dev.kasuari.boards.BootOptions;
import dev.kasuari.machine.DeviceTypes;
import dev.kasuari.machine.LogCategory;
import dev.kasuari.qapi.Json;
import dev.kasuari.qapi.Nearest;
import dev.kasuari.qapi.OptionException;
import dev.kasuari.qapi.OptionSource;
import dev.kasuari.vm.AccelOptions;
import dev.kasuari.vm.Blockdevs;
import dev.kasuari.vm.Chardevs;
import dev.kasuari.vm.DeviceDefault;
import dev.kasuari.vm.Drive;
import dev.kasuari.vm.MachineDescription;
import dev.kasuari.vm.MachineProperties;
import dev.kasuari.vm.MemoryOptions;
import dev.kasuari.vm.NamedDevices;
import dev.kasuari.vm.Netdevs;
import dev.kasuari.vm.Nic;
import dev.kasuari.vm.NotYet;
import dev.kasuari.vm.Objects;
import dev.kasuari.vm.RtcOptions;
import dev.kasuari.vm.SerialPort;
import dev.kasuari.vm.TopologyOptions;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** A command line of a system emulator while it is read. */
final class SystemArguments {
  private final String program;
  private final List<BoardType> boards;
  private final SystemOptions options = new SystemOptions();

  private OptionSource machine = OptionSource.empty("-M");
  private OptionSource memory = OptionSource.empty("-m");
  private @Nullable OptionSource smp;
  private @Nullable String cpu;
  private @Nullable AccelOptions accel;
  private boolean perfMap;
  private @Nullable String name;
  private @Nullable Long seed;
  private boolean nographic;
  private boolean noDisplay;
  private final List<SerialPort> serials = new ArrayList<>();
  private final List<Drive> drives = new ArrayList<>();
  private final List<OptionSource> blockdevs = new ArrayList<>();
  private final List<OptionSource> objects = new ArrayList<>();
  private final List<DeviceDefault> globals = new ArrayList<>();
  private final List<String> devices = new ArrayList<>();
  private final List<OptionSource> chardevs = new ArrayList<>();
  private final List<OptionSource> netdevs = new ArrayList<>();
  private final List<OptionSource> nics = new ArrayList<>();
  private OptionSource rtc = OptionSource.empty("-rtc");
  private final Set<LogCategory> logged = EnumSet.noneOf(LogCategory.class);
  @Nullable String bios;
  @Nullable String kernel;
  @Nullable String initrd;
  @Nullable String append;
  @Nullable String dtb;
  @Nullable String logFile;
  boolean paused;
  boolean noReboot;
  boolean noShutdown;
  boolean snapshots;

  /** What somebody asked to be told; the first wins. */
  private @Nullable Supplier<String> print;

  private SystemArguments(String target, List<BoardType> boards) {
    program = "kasuari-system-" + target;
    this.boards = boards;
  }

  /**
   * Reads a command line.
   *
   * @param target the architecture
   * @param boards its machine types, the default first
   * @throws OptionException if it makes no sense; the message names the option
   */
  static Request parse(String target, List<BoardType> boards, List<String> arguments) {
    var parsed = new SystemArguments(target, boards);
    Iterator<String> words = arguments.iterator();
    while (words.hasNext() && parsed.print == null) {
      parsed.take(words.next(), words);
    }
    return parsed.request();
  }

  private void take(String word, Iterator<String> rest) {
    if (!word.startsWith("-") || word.equals("-")) {
      drive(word, word, "");
      return;
    }
    Option option = options.find(word);
    if (!option.takesArgument()) {
      option.meaning().accept(this, "");
      return;
    }
    if (!rest.hasNext()) {
      throw new OptionException(word + ": an argument is missing: " + option.usage());
    }
    option.meaning().accept(this, rest.next());
  }

  // What the options mean, called by their declarations.

  void print(Request.Topic topic) {
    print(topic == Request.Topic.HELP ? this::help : this::version);
  }

  private void print(Supplier<String> text) {
    if (print == null) {
      print = text;
    }
  }

  private static boolean asksForHelp(String text) {
    return text.equals("help") || text.equals("?");
  }

  void machine(String text) {
    OptionSource source = OptionSource.of("-M " + text, text, "type");
    String type = source.text("type");
    if (source.helpWanted()) {
      print(type == null ? this::machineHelp : () -> MachineProperties.help(board(type)));
    } else {
      machine = merged(machine, source);
    }
  }

  /** Options that are given more than once add up; later values win. */
  private static OptionSource merged(OptionSource first, OptionSource second) {
    var members = new LinkedHashMap<String, Json>(first.tree().members());
    members.putAll(second.tree().members());
    var bare = new LinkedHashSet<>(first.bare());
    bare.addAll(second.bare());
    return new OptionSource(
        second.where(), new Json.Members(members), first.strict() || second.strict(), bare);
  }

  void cpu(String text) {
    if (asksForHelp(text)) {
      print(() -> String.join(System.lineSeparator(), board().cpuHelp()) + System.lineSeparator());
    }
    cpu = text;
  }

  void accel(String text) {
    OptionSource source = OptionSource.of("-accel " + text, text, "accel");
    if (source.helpWanted()) {
      print(AccelOptions::help);
    } else if (accel == null) { // QEMU takes the first that works
      accel = AccelOptions.parse(source);
    }
  }

  void perfMap() {
    perfMap = true;
  }

  void smp(String text) {
    smp = OptionSource.of("-smp " + text, text, "cpus");
    if (smp.helpWanted()) {
      print(TopologyOptions::help);
    }
  }

  void memory(String text) {
    memory = OptionSource.of("-m " + text, text, "size");
    if (memory.helpWanted()) {
      print(MemoryOptions::help);
    }
  }

  void device(String text) {
    if (asksForHelp(text)) {
      print(() -> DeviceTypes.load().help());
      return;
    }
    OptionSource source = OptionSource.of("-device " + text, text, "driver");
    String driver = source.text("driver");
    if (source.helpWanted() && driver != null) {
      print(() -> NamedDevices.find(DeviceTypes.load(), "-device " + driver, driver).help());
    }
    devices.add(text);
  }

  void global(String text) {
    globals.add(DeviceDefault.parse(text));
  }

  void name(String text) {
    OptionSource source = OptionSource.of("-name " + text, text, "guest");
    for (String key : source.tree().members().keySet()) {
      if (!List.of("guest", "process", "debug-threads").contains(key)) {
        throw new OptionException(
            source.where()
                + ": unknown property '"
                + key
                + "'"
                + Nearest.hint(key, List.of("guest")));
      }
    }
    name = source.text("guest");
  }

  void drive(String text) {
    OptionSource source = Drive.source("-drive " + text, text);
    if (source.helpWanted()) {
      print(Drive::help);
    } else {
      drives.add(Drive.parse(source));
    }
  }

  void cdrom(String file) {
    drive("-cdrom " + file, file, ",media=cdrom,index=2");
  }

  /** The disk of that number: {@code -hda} is 0. */
  void disk(int index, String file) {
    drive("-hd" + "abcd".charAt(index) + " " + file, file, ",media=disk,index=" + index);
  }

  void pflash(String file) {
    drive("-pflash " + file, file, ",if=pflash");
  }

  /** An option that is short for a drive with a few properties. */
  private void drive(String where, String file, String properties) {
    String drive = "file=" + file.replace(",", ",,") + properties;
    drives.add(Drive.parse(OptionSource.of(where, drive, "")));
  }

  void blockdev(String text) {
    OptionSource source = Blockdevs.source(text);
    String driver = source.text("driver");
    collect(source, driver == null ? Blockdevs::help : () -> Blockdevs.help(driver), blockdevs);
  }

  void object(String text) {
    OptionSource source = Objects.source(text);
    collect(source, () -> Objects.help(source), objects);
  }

  void rtc(String text) {
    OptionSource source = OptionSource.of("-rtc " + text, text, "");
    if (source.helpWanted()) {
      print(RtcOptions::help);
    }
    rtc = merged(rtc, source);
  }

  void chardev(String text) {
    collect(Chardevs.source(text), Chardevs::help, chardevs);
  }

  void netdev(String text) {
    collect(Netdevs.source(text), Netdevs::help, netdevs);
  }

  void nic(String text) {
    collect(Nic.source(text), Netdevs::help, nics);
  }

  private void collect(OptionSource source, Supplier<String> help, List<OptionSource> all) {
    if (source.helpWanted()) {
      print(help);
    }
    all.add(source);
  }

  void nographic() {
    nographic = true;
    noDisplay = true;
  }

  void display(String text) {
    if (asksForHelp(text)) {
      print(() -> "Displays:" + System.lineSeparator() + "  none" + System.lineSeparator());
    } else if (!text.equals("none")) {
      throw NotYet.of("-display " + text, "display");
    }
    noDisplay = true;
  }

  void serial(String text) {
    serials.add(SerialPort.parse(text));
  }

  void monitor(String text) {
    if (!text.equals("none")) {
      throw NotYet.of("-monitor " + text, "monitor");
    }
  }

  void log(String text) {
    if (asksForHelp(text)) {
      print(LogItems::help);
    } else {
      logged.addAll(LogItems.parse(text));
    }
  }

  void seed(String text) {
    try {
      seed = Long.decode(text);
    } catch (NumberFormatException e) {
      throw new OptionException("-seed " + text + ": it must be a whole number", e);
    }
  }

  // What follows puts it all together.

  private Request request() {
    if (print != null) {
      return new Request.Print(print.get());
    }
    MachineProperties said = MachineProperties.of(machine);
    BootOptions boot = boot(said);
    BoardType board = board();
    if (said.accel() != null) {
      accel = AccelOptions.firstOf(machine.where(), said.accel());
    }
    MachineDescription.Builder description =
        MachineDescription.of(board)
            .properties(MachineProperties.ofType(machine))
            .ram(MemoryOptions.ram(memory, board.defaultRam()))
            .cpus(smp == null ? 1 : TopologyOptions.cpus(smp, board.name(), board.maxCpus()))
            .boot(boot)
            .rtc(RtcOptions.parse(rtc))
            .logged(logged)
            .logFile(logFile == null ? null : Path.of(pid(logFile)))
            .rebootEnds(noReboot)
            .shutdownPauses(noShutdown);
    optional(description);
    return new Request.Run(description.build(), paused, said.dumpdtb());
  }

  private void optional(MachineDescription.Builder description) {
    if (cpu != null) {
      description.cpu(cpu);
    }
    AccelOptions chosen = accel == null ? AccelOptions.standard() : accel;
    description.accel(perfMap ? chosen.withPerfMap() : chosen);
    if (name != null) {
      description.name(name);
    }
    if (seed != null) {
      description.seed(seed);
    }
    connected().forEach(description::serial);
    objects.forEach(description::object);
    blockdevs.forEach(description::blockdev);
    drives.forEach(description::drive);
    description.snapshots(snapshots);
    chardevs.forEach(description::chardev);
    netdevs.forEach(description::netdev);
    nics.forEach(description::nic);
    globals.forEach(description::deviceDefault);
    devices.forEach(description::device);
  }

  /** Where nothing is said the first port is the terminal: there is no window to show it in. */
  private List<SerialPort> connected() {
    if (!serials.isEmpty()) {
      return serials;
    }
    return nographic || !noDisplay ? List.of(SerialPort.terminal()) : List.of(SerialPort.nothing());
  }

  /** What it starts with; an option of its own counts before a property of the machine. */
  private BootOptions boot(MachineProperties said) {
    var boot =
        new BootOptions(
            bios == null ? said.firmware() : bios,
            kernel == null ? said.kernel() : kernel,
            initrd == null ? said.initrd() : initrd,
            append == null ? said.append() : append,
            dtb == null ? said.dtb() : dtb);
    if (boot.kernel() == null && boot.append() != null) {
      throw new OptionException("-append: there is no -kernel to give it to");
    }
    if (boot.kernel() == null && boot.initrd() != null) {
      throw new OptionException("-initrd: there is no -kernel to give it to");
    }
    return boot;
  }

  /** QEMU puts its process id where a log file's name has %d, so that many can run. */
  private static String pid(String file) {
    return file.replace("%d", Long.toString(ProcessHandle.current().pid()));
  }

  private BoardType board() {
    return board(machine.text("type"));
  }

  private BoardType board(@Nullable String type) {
    if (type == null) {
      return boards.getFirst();
    }
    List<String> names = boards.stream().map(BoardType::name).toList();
    return boards.stream()
        .filter(b -> b.name().equals(type))
        .findFirst()
        .orElseThrow(() ->
            new OptionException(
                "-M " + type + ": no such machine type" + Nearest.hint(type, names)));
  }

  private String machineHelp() {
    var out = new StringBuilder("Machine types:" + System.lineSeparator());
    for (BoardType board : boards) {
      boolean standard = board.equals(boards.getFirst());
      String doc = board.description() + (standard ? " (default)" : "");
      out.append(String.format("  %-16s %s%n", board.name(), doc));
    }
    return out.toString();
  }

  private String version() {
    return "Kasuari emulator version " + Version.number() + System.lineSeparator();
  }

  private String help() {
    return version()
        + "Usage: "
        + program
        + " [OPTIONS] [DISK_IMAGE]"
        + System.lineSeparator()
        + options.help();
  }
}
