package dev.kasuari.vm;

import dev.kasuari.block.BlockGraph;
import dev.kasuari.boards.Board;
import dev.kasuari.boards.BoardOptions;
import dev.kasuari.boot.BootException;
import dev.kasuari.boot.Fdt;
import dev.kasuari.host.EndSignals;
import dev.kasuari.host.HostCalls;
import dev.kasuari.host.HostException;
import dev.kasuari.machine.DeviceTypes;
import dev.kasuari.machine.Log;
import dev.kasuari.machine.Machine;
import dev.kasuari.machine.Shutdown;
import dev.kasuari.machine.backend.BlockBackend;
import dev.kasuari.machine.backend.CharBackend;
import dev.kasuari.machine.time.Clock;
import dev.kasuari.qapi.OptionException;
import dev.kasuari.qapi.OptionSource;
import dev.kasuari.qapi.Sizes;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;

/**
 * A machine made of a {@link MachineDescription}, with its back ends open and its boot files
 * loaded. Many live in one process; {@link #close} gives back all that one took.
 */
public final class VirtualMachine implements AutoCloseable {
  /**
   * A stream that a program of the host is to open.
   *
   * @param label of the stream: {@code serial0}, or the id that {@code -chardev} gave
   * @param path what to open
   */
  public record Redirection(String label, String path) {}

  private final Machine machine;
  private final Board board;
  private final BlockGraph blocks;
  private final List<Redirection> redirections;

  /** What a block of guest RAM may have. */
  private static final long MOST_MEMORY = 4L << 40;

  /** Opens a drive. */
  private interface AddDrive {
    void open(Drive drive);
  }

  private final HotPlug devices;
  private final AddDrive adding;

  private VirtualMachine(
      Machine machine,
      Board board,
      BlockGraph blocks,
      List<Redirection> redirections,
      HotPlug devices,
      AddDrive adding) {
    this.machine = machine;
    this.board = board;
    this.blocks = blocks;
    this.redirections = redirections;
    this.devices = devices;
    this.adding = adding;
  }

  /**
   * Begins what takes a while and every machine of this process needs, and returns at once. Nothing
   * depends on it; who is going to parse a command line first starts a machine sooner.
   */
  public static void prepare() {
    HostCalls.prepare();
  }

  /**
   * For a process whose purpose is a machine: has SIGINT end it even if whoever started it had that
   * signal ignored, as QEMU does. After {@link #start}, for it calls the host.
   */
  public static void hearInterrupt() {
    EndSignals.hearInterrupt();
  }

  /**
   * Makes a machine, not yet running.
   *
   * @throws OptionException if the description makes no sense; the message names the option
   * @throws BootException if a file cannot be booted; the message names option and file
   */
  public static VirtualMachine create(MachineDescription description) throws BootException {
    Clock clock = description.accel().clock();
    Machine machine =
        Machine.builder(description.name())
            .clock(clock)
            .wallClock(description.rtc().open(clock))
            .log(log(description))
            .rebootEnds(description.rebootEnds())
            .shutdownPauses(description.shutdownPauses())
            .seed(description.seed())
            .inputAwaitsReset()
            .build();
    boolean made = false;
    try {
      VirtualMachine result = build(machine, description);
      made = true;
      return result;
    } finally {
      if (!made) {
        machine.close();
      }
    }
  }

  private static Log log(MachineDescription description) {
    Path file = description.logFile();
    try {
      Log log = file == null ? Log.toStderr() : Log.toFile(file);
      log.select(description.logged());
      return log;
    } catch (IOException e) {
      String reason = file != null && Files.isDirectory(file) ? "it is a folder" : reason(e);
      throw new OptionException("-D " + file + ": cannot be written: " + reason, e);
    }
  }

  private static String reason(IOException e) {
    return switch (e) {
      case java.nio.file.NoSuchFileException none -> "there is no such folder";
      case java.nio.file.AccessDeniedException denied -> "permission denied";
      default -> e.toString();
    };
  }

  private static VirtualMachine build(Machine machine, MachineDescription description)
      throws BootException {
    var backEnds = new BackEnds();
    var graph = new BlockGraph();
    var blockdevs = new Blockdevs(machine, graph);
    var drives = new Drives(graph, description.snapshots());
    var streams = new CharacterStreams(machine, backEnds);
    var networks = new Networks(machine, backEnds);
    description.objects().forEach(graph.objects()::add);
    description.blockdevs().forEach(blockdevs::open);
    description.drives().forEach(d -> drives.open(machine, d, backEnds));
    description.chardevs().forEach(streams::add);
    description.netdevs().forEach(networks::add);
    description.nics().forEach(networks::addCard);
    Map<Integer, BlockBackend> flash =
        FlashBanks.find(machine, description, drives, blockdevs, backEnds);
    Board board = board(machine, description, streams.serials(description.serials()), flash);
    DeviceTypes types = DeviceTypes.load();
    description.defaults().forEach(d -> d.check(types));
    var plugging = new Plugging(machine, types, backEnds, description.defaults());
    var devices = new HotPlug(machine, types, plugging, blockdevs, backEnds);
    description.devices().forEach(devices::plug);
    networks.plug(plugging);
    drives.plug(plugging); // after what -device asks for, as in QEMU
    board.load(description.boot());
    prepare(machine, description);
    AddDrive adding = drive -> drives.open(machine, drive, backEnds);
    return new VirtualMachine(machine, board, graph, streams.redirections(), devices, adding);
  }

  private static Board board(
      Machine machine,
      MachineDescription description,
      List<CharBackend> serials,
      Map<Integer, BlockBackend> flash) {
    OptionSource properties =
        MachineProperties.ofBoard(description.properties(), description.board());
    description.accel().checkCpus(description.cpus());
    if (description.ram() > MOST_MEMORY) {
      throw new OptionException(
          "-m " + Sizes.format(description.ram()) + ": a machine has 4 TiB at the most");
    }
    var options =
        new BoardOptions(
            description.ram(),
            description.cpus(),
            description.cpu(),
            new Engine(description.accel(), machine),
            serials,
            flash,
            properties);
    try {
      return description.board().build(machine, options);
    } catch (OutOfMemoryError e) {
      throw tooMuchMemory(description, e);
    }
  }

  private static void prepare(Machine machine, MachineDescription description) {
    try {
      machine.prepare();
    } catch (HostException e) {
      throw e.call().startsWith("mmap") ? tooMuchMemory(description, e) : e;
    }
  }

  private static OptionException tooMuchMemory(MachineDescription description, Throwable cause) {
    return new OptionException(
        "-m "
            + Sizes.format(description.ram())
            + ": this host cannot give a machine so much memory ("
            + cause.getMessage()
            + ")",
        cause);
  }

  /** The machine itself. */
  public Machine machine() {
    return machine;
  }

  /** The nodes of its disks, for jobs while the guest runs. */
  public BlockGraph blocks() {
    return blocks;
  }

  /** Streams that programs of the host are to open, in the order in which they were made. */
  public List<Redirection> redirections() {
    return redirections;
  }

  /** The devicetree as the guest finds it. */
  public Fdt deviceTree() {
    return board.deviceTree();
  }

  /**
   * Opens a disk for a device to name; it is closed with the machine.
   *
   * @throws OptionException if it cannot be opened, or the machine would have to plug it itself
   */
  public synchronized void addDrive(Drive drive) {
    if (drive.plugged() || drive.id() == null) {
      throw new OptionException("a drive that is added later has if=none and an id");
    }
    adding.open(drive);
  }

  /**
   * Plugs a device, written as {@code -device} takes it, while the guest runs: units of a SCSI bus,
   * ports of a virtio-serial.
   *
   * @throws OptionException if there is no such device, no bus takes it now, or it refuses
   */
  public synchronized void plug(String device) {
    devices.plug(Plugging.source(device));
  }

  /**
   * Takes a device out while the guest runs. What the guest asks of it meanwhile fails.
   *
   * @throws OptionException if there is no such device, or its bus keeps it
   */
  public synchronized void unplug(String id) {
    devices.unplug(id);
  }

  /** Lets the guest run. */
  public void start() {
    machine.resume();
  }

  /** Stops the guest and waits until it stands. */
  public void pause() {
    machine.pause();
  }

  /** Waits for the end of the machine. */
  public Shutdown awaitShutdown() throws InterruptedException {
    return machine.awaitShutdown();
  }

  /** Ends everything and gives it back. May be called again, and from a shutdown hook. */
  @Override
  public void close() {
    machine.close();
  }
}
