package dev.kasuari.cli;

import dev.kasuari.cli.Option.Section;
import dev.kasuari.qapi.Nearest;
import dev.kasuari.qapi.OptionException;
import dev.kasuari.vm.NotYet;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.BiConsumer;
import java.util.function.Consumer;

/** The options of the system emulators, each declared once: the parser and the help read them. */
final class SystemOptions {
  private final Map<String, Option> byName = new LinkedHashMap<>();
  private final List<Option> options = new ArrayList<>();

  SystemOptions() {
    standard();
    disks();
    network();
    display();
    boot();
    expert();
  }

  private void standard() {
    Section s = Section.STANDARD;
    flag(s, "h help", "show this and exit", a -> a.print(Request.Topic.HELP));
    flag(s, "version", "show the version and exit", a -> a.print(Request.Topic.VERSION));
    with(
        s,
        "machine M",
        "[type=]NAME[,PROP=VALUE]...",
        "the machine type ('help' lists them, NAME,help its properties);\n"
            + "dumpdtb=FILE writes its devicetree and exits; accel=NAME as -accel",
        SystemArguments::machine);
    with(
        s,
        "cpu",
        "MODEL[,PROP=VALUE]...",
        "the CPU model ('help' lists them)",
        SystemArguments::cpu);
    with(
        s,
        "accel",
        "[accel=]NAME[,PROP=VALUE]...",
        "what executes guest code ('help' lists them)",
        SystemArguments::accel);
    with(
        s,
        "smp",
        "[cpus=]N[,maxcpus=N][,sockets=N][,cores=N][,threads=N]",
        "the number of CPUs",
        SystemArguments::smp);
    with(s, "m", "[size=]N[K|M|G|T]", "memory; a bare number counts MiB", SystemArguments::memory);
    with(
        s,
        "device",
        "NAME[,PROP=VALUE]...",
        "plug a device ('help' lists them, 'NAME,help' its properties)",
        SystemArguments::device);
    with(
        s,
        "global",
        "DRIVER.PROP=VALUE",
        "a property of all devices of a kind that do not set it",
        SystemArguments::global);
    with(
        s,
        "rtc",
        "[base=utc|localtime|DATE][,clock=host|rt|vm][,driftfix=none|slew]",
        "the date that real-time clocks show, and what moves it on",
        SystemArguments::rtc);
    with(s, "name", "[guest=]TEXT", "a name for people", SystemArguments::name);
    flag(s, "nodefaults", "no default devices; there are none anyway", a -> {});
    flag(s, "no-user-config", "read no configuration files; there are none anyway", a -> {});
  }

  private void disks() {
    Section s = Section.BLOCK;
    with(
        s,
        "drive",
        "file=FILE[,PROP=VALUE]...",
        "a disk ('help' lists the properties)",
        SystemArguments::drive);
    for (int i = 0; i < 4; i++) {
      int index = i;
      String doc = "the disk of index " + i;
      with(s, "hd" + "abcd".charAt(i), "FILE", doc, (a, v) -> a.disk(index, v));
    }
    with(s, "cdrom", "FILE", "a disc, which is read only", SystemArguments::cdrom);
    with(s, "pflash", "FILE", "what is in the next bank of flash", SystemArguments::pflash);
    with(
        s,
        "blockdev",
        "[driver=]DRIVER,node-name=NAME[,PROP=VALUE]...",
        "a node of a disk ('help' lists the drivers, 'DRIVER,help' its properties)",
        SystemArguments::blockdev);
    with(
        s,
        "object",
        "TYPE,id=ID[,PROP=VALUE]...",
        "what disks refer to: secrets, TLS credentials, limits\n('help' lists the types)",
        SystemArguments::object);
    flag(s, "snapshot", "forget at the end what is written to disks", a -> a.snapshots = true);
  }

  private void network() {
    Section s = Section.NETWORK;
    with(
        s,
        "netdev",
        "TYPE,id=ID",
        "what a network card is connected to ('help' lists the types)",
        SystemArguments::netdev);
    with(
        s,
        "nic",
        "none|TYPE[,mac=MAC][,model=NAME]",
        "a network card and what it is connected to, or none",
        SystemArguments::nic);
    only(s, "net", "none", "no network");
  }

  private void display() {
    Section s = Section.DISPLAY;
    flag(
        s,
        "nographic",
        "no window: the first serial port is the terminal, Ctrl-A h helps",
        SystemArguments::nographic);
    with(s, "display", "none", "no window", SystemArguments::display);
    with(
        s,
        "serial",
        "stdio|mon:stdio|pty|file:PATH|chardev:ID|null|none",
        "what the next serial port is connected to;\nmon: makes Ctrl-A begin commands",
        SystemArguments::serial);
    with(
        s,
        "chardev",
        "TYPE,id=ID[,PROP=VALUE]...",
        "a character stream for a device ('help' lists the types)",
        SystemArguments::chardev);
    with(s, "monitor", "none", "no monitor", SystemArguments::monitor);
    only(s, "vga", "none", "no graphics card");
    only(s, "parallel", "none", "no parallel port");
  }

  private void boot() {
    Section s = Section.BOOT;
    with(
        s,
        "bios",
        "FILE|none|default",
        "the firmware; by default a built-in one",
        (a, v) -> a.bios = v);
    with(s, "kernel", "FILE", "start this kernel", (a, v) -> a.kernel = v);
    with(s, "initrd", "FILE", "give the kernel this initial RAM disk", (a, v) -> a.initrd = v);
    with(s, "append", "TEXT", "give the kernel this command line", (a, v) -> a.append = v);
    with(s, "dtb", "FILE", "use this devicetree, not the machine's own", (a, v) -> a.dtb = v);
  }

  private void expert() {
    Section s = Section.EXPERT;
    flag(s, "S", "do not start the CPUs", a -> a.paused = true);
    flag(s, "no-reboot", "exit where the guest reboots", a -> a.noReboot = true);
    flag(
        s,
        "no-shutdown",
        "stop, do not exit, where the guest switches off",
        a -> a.noShutdown = true);
    with(
        s,
        "d",
        "ITEM[,ITEM]...",
        "write these to the log ('help' lists them)",
        SystemArguments::log);
    with(s, "D", "FILE", "write the log there and not to stderr", (a, v) -> a.logFile = v);
    flag(
        s,
        "perfmap",
        "name machine code for perf in /tmp/perf-PID.map, as\n-accel tcg,perf-map=on",
        SystemArguments::perfMap);
    with(
        s,
        "seed",
        "N",
        "where random numbers begin; the same seed, the same numbers",
        SystemArguments::seed);
  }

  private void flag(Section section, String names, String doc, Consumer<SystemArguments> meaning) {
    add(new Option(section, List.of(names.split(" ")), "", doc, (a, v) -> meaning.accept(a)));
  }

  private void with(
      Section section,
      String names,
      String argument,
      String doc,
      BiConsumer<SystemArguments, String> meaning) {
    add(new Option(section, List.of(names.split(" ")), argument, doc, meaning));
  }

  /** An option of which only the value is there that says there is nothing. */
  private void only(Section section, String name, String value, String doc) {
    with(
        section,
        name,
        value,
        doc,
        (a, v) -> {
          if (!v.equals(value)) {
            throw NotYet.of("-" + name + " " + v, "option");
          }
        });
  }

  private void add(Option option) {
    options.add(option);
    option.names().forEach(name -> byName.put(name, option));
  }

  /**
   * The option that was written so.
   *
   * @param word with one or two dashes
   * @throws OptionException if there is none; if QEMU has it, that is said
   */
  Option find(String word) {
    String name = word.substring(word.startsWith("--") ? 2 : 1);
    Option option = byName.get(name);
    if (option != null) {
      return option;
    }
    if (QemuOptions.has(name)) {
      throw NotYet.of(word, "option");
    }
    int equals = name.indexOf('=');
    Option meant = equals < 0 ? null : byName.get(name.substring(0, equals));
    if (meant != null && meant.takesArgument()) {
      throw new OptionException(
          word + ": write -" + meant.name() + " " + name.substring(equals + 1));
    }
    throw new OptionException(word + ": no such option" + nearest(name));
  }

  private String nearest(String name) {
    var known = new ArrayList<String>(byName.keySet());
    known.addAll(QemuOptions.names());
    String near = Nearest.of(name, known);
    return near == null ? "; -help lists what there is" : "; did you mean -" + near + "?";
  }

  /** What {@code -help} says of the options. */
  String help() {
    var out = new StringBuilder();
    for (Section section : Section.values()) {
      out.append(System.lineSeparator()).append(section.title()).append(':');
      out.append(System.lineSeparator());
      for (Option option : options) {
        if (option.section() == section) {
          describe(option, out);
        }
      }
    }
    return out.toString();
  }

  private static void describe(Option option, StringBuilder out) {
    String left = "  " + option.usage();
    boolean wide = left.length() > 30;
    out.append(left);
    out.append(wide ? System.lineSeparator() : " ".repeat(32 - left.length()));
    String indent = " ".repeat(32);
    String doc = String.join(System.lineSeparator() + indent, option.doc().lines().toList());
    out.append(wide ? indent : "").append(doc).append(System.lineSeparator());
  }
}
