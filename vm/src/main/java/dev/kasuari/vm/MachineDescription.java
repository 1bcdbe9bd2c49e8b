package dev.kasuari.vm;

import dev.kasuari.boards.BoardType;
import dev.kasuari.boards.BootOptions;
import dev.kasuari.machine.LogCategory;
import dev.kasuari.qapi.OptionSource;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * All that is said of a machine before it exists.
 *
 * @param name for people; threads carry it
 * @param board the machine type
 * @param properties of the board
 * @param ram bytes, a multiple of 4096
 * @param cpus how many
 * @param cpu model and properties: {@code rv64,zba=off}
 * @param accel what executes guest code
 * @param rtc what real-time clocks show
 * @param chardevs character streams for devices to name
 * @param serials what the serial ports are connected to, in order
 * @param netdevs networks for devices to name
 * @param nics network cards with what they are connected to
 * @param objects what other options refer to: secrets, TLS credentials, limits
 * @param blockdevs nodes of disks, in order
 * @param drives disks, in order
 * @param snapshots whether what is written to drives that say nothing of it is forgotten
 * @param defaults of properties of devices, later ones first
 * @param devices to be plugged, each with its driver's name and properties, in order
 * @param boot what it starts with
 * @param logged what is written to the log
 * @param logFile where to, or null for the standard error stream
 * @param rebootEnds whether a reset by the guest is the end
 * @param shutdownPauses whether a machine that is switched off stays to be looked at
 * @param seed of the machine's random numbers
 */
public record MachineDescription(
    String name,
    BoardType board,
    OptionSource properties,
    long ram,
    int cpus,
    String cpu,
    AccelOptions accel,
    RtcOptions rtc,
    List<OptionSource> chardevs,
    List<SerialPort> serials,
    List<OptionSource> netdevs,
    List<OptionSource> nics,
    List<OptionSource> objects,
    List<OptionSource> blockdevs,
    List<Drive> drives,
    boolean snapshots,
    List<DeviceDefault> defaults,
    List<OptionSource> devices,
    BootOptions boot,
    Set<LogCategory> logged,
    @Nullable Path logFile,
    boolean rebootEnds,
    boolean shutdownPauses,
    long seed) {
  public MachineDescription {
    chardevs = List.copyOf(chardevs);
    serials = List.copyOf(serials);
    netdevs = List.copyOf(netdevs);
    nics = List.copyOf(nics);
    objects = List.copyOf(objects);
    blockdevs = List.copyOf(blockdevs);
    drives = List.copyOf(drives);
    defaults = List.copyOf(defaults);
    devices = List.copyOf(devices);
    logged = Set.copyOf(logged);
  }

  /** Begins the description of a machine of this type, with all else as the type has it. */
  public static Builder of(BoardType board) {
    return new Builder(board);
  }

  /** A description that grows. */
  public static final class Builder {
    private final BoardType board;
    private final List<OptionSource> chardevs = new ArrayList<>();
    private final List<SerialPort> serials = new ArrayList<>();
    private final List<OptionSource> netdevs = new ArrayList<>();
    private final List<OptionSource> nics = new ArrayList<>();
    private final List<OptionSource> objects = new ArrayList<>();
    private final List<OptionSource> blockdevs = new ArrayList<>();
    private final List<Drive> drives = new ArrayList<>();
    private final List<DeviceDefault> defaults = new ArrayList<>();
    private final List<OptionSource> devices = new ArrayList<>();
    private final Set<LogCategory> logged = EnumSet.noneOf(LogCategory.class);
    private String name;
    private OptionSource properties = OptionSource.empty("-M");
    private long ram;
    private int cpus = 1;
    private String cpu;
    private AccelOptions accel = AccelOptions.standard();
    private RtcOptions rtc = RtcOptions.standard();
    private BootOptions boot = new BootOptions(null, null, null, null, null);
    private @Nullable Path logFile;
    private boolean snapshots;
    private boolean rebootEnds;
    private boolean shutdownPauses;
    private long seed = Seed.fresh();

    private Builder(BoardType board) {
      this.board = board;
      name = board.name();
      ram = board.defaultRam();
      cpu = board.defaultCpu();
    }

    /** A name for people ({@code -name}). */
    public Builder name(String name) {
      this.name = name;
      return this;
    }

    /** Properties of the board ({@code -M}). */
    public Builder properties(OptionSource properties) {
      this.properties = properties;
      return this;
    }

    /** Bytes of memory ({@code -m}), a multiple of 4096. */
    public Builder ram(long bytes) {
      ram = bytes;
      return this;
    }

    /** How many CPUs ({@code -smp}). */
    public Builder cpus(int count) {
      cpus = count;
      return this;
    }

    /** Model and properties of the CPUs ({@code -cpu}). */
    public Builder cpu(String cpu) {
      this.cpu = cpu;
      return this;
    }

    /** What executes guest code ({@code -accel}). */
    public Builder accel(AccelOptions accel) {
      this.accel = accel;
      return this;
    }

    /** What real-time clocks show ({@code -rtc}). */
    public Builder rtc(RtcOptions rtc) {
      this.rtc = rtc;
      return this;
    }

    /** Adds a character stream ({@code -chardev}). */
    public Builder chardev(OptionSource chardev) {
      chardevs.add(chardev);
      return this;
    }

    /** Adds a character stream, written as {@code -chardev} takes it. */
    public Builder chardev(String text) {
      return chardev(Chardevs.source(text));
    }

    /** Adds a network ({@code -netdev}). */
    public Builder netdev(OptionSource netdev) {
      netdevs.add(netdev);
      return this;
    }

    /** Adds a network, written as {@code -netdev} takes it. */
    public Builder netdev(String text) {
      return netdev(Netdevs.source(text));
    }

    /** Adds a network card with what it is connected to ({@code -nic}). */
    public Builder nic(OptionSource nic) {
      nics.add(nic);
      return this;
    }

    /** Connects the next serial port ({@code -serial}). */
    public Builder serial(SerialPort port) {
      serials.add(port);
      return this;
    }

    /** Adds what other options refer to by id ({@code -object}). */
    public Builder object(OptionSource object) {
      objects.add(object);
      return this;
    }

    /** Adds such an object, written as {@code -object} takes it. */
    public Builder object(String text) {
      return object(Objects.source(text));
    }

    /** Adds a node of a disk ({@code -blockdev}). */
    public Builder blockdev(OptionSource node) {
      blockdevs.add(node);
      return this;
    }

    /** Adds a node of a disk, written as {@code -blockdev} takes it. */
    public Builder blockdev(String text) {
      return blockdev(Blockdevs.source(text));
    }

    /** Forgets at the end what is written to drives that say nothing of it ({@code -snapshot}). */
    public Builder snapshots(boolean forget) {
      snapshots = forget;
      return this;
    }

    /** Adds a disk ({@code -drive}). */
    public Builder drive(Drive drive) {
      drives.add(drive);
      return this;
    }

    /** Sets a property of devices that do not set it ({@code -global}). */
    public Builder deviceDefault(DeviceDefault standard) {
      defaults.addFirst(standard);
      return this;
    }

    /** Plugs a device ({@code -device}). */
    public Builder device(OptionSource device) {
      devices.add(device);
      return this;
    }

    /** Plugs a device, written as {@code -device} takes it. */
    public Builder device(String text) {
      return device(Plugging.source(text));
    }

    /** What it starts with ({@code -kernel} and its like). */
    public Builder boot(BootOptions boot) {
      this.boot = boot;
      return this;
    }

    /** What to write to the log ({@code -d}). */
    public Builder logged(Set<LogCategory> categories) {
      logged.addAll(categories);
      return this;
    }

    /** Where to write the log ({@code -D}). */
    public Builder logFile(@Nullable Path file) {
      logFile = file;
      return this;
    }

    /** A reset by the guest is the end ({@code -no-reboot}). */
    public Builder rebootEnds(boolean ends) {
      rebootEnds = ends;
      return this;
    }

    /** A machine that is switched off stays to be looked at ({@code -no-shutdown}). */
    public Builder shutdownPauses(boolean pauses) {
      shutdownPauses = pauses;
      return this;
    }

    /** What random numbers are made from ({@code -seed}); by default the host's entropy. */
    public Builder seed(long seed) {
      this.seed = seed;
      return this;
    }

    /** The description. */
    public MachineDescription build() {
      return new MachineDescription(
          name,
          board,
          properties,
          ram,
          cpus,
          cpu,
          accel,
          rtc,
          chardevs,
          serials,
          netdevs,
          nics,
          objects,
          blockdevs,
          drives,
          snapshots,
          defaults,
          devices,
          boot,
          logged,
          logFile,
          rebootEnds,
          shutdownPauses,
          seed);
    }
  }
}
