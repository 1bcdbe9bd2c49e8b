package dev.kasuari.machine;

import dev.kasuari.machine.memory.MemoryRegion;
import dev.kasuari.machine.time.Timer;
import dev.kasuari.qapi.Json;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * A device: registers, lines and back ends, and state that can be saved. It knows offsets, not
 * addresses; lines, not who listens. Everything here is called under the machine's lock.
 *
 * <p>Its life: made by its {@link DeviceType}, {@link #realize}, reset, run, {@link #close}. All
 * that changes is in {@link #state()}; what goes out is computed from it by {@link #outputs}.
 *
 * @param <P> properties, a record
 * @param <S> state, a final static class whose fields begin with their reset values
 */
public abstract class Device<P, S> {
  /** More rounds than any real circuit needs to settle. */
  private static final int MAX_ROUNDS = 64;

  private @Nullable DeviceType<P, S, ?> type;
  private @Nullable P props;
  private @Nullable S state;
  private @Nullable Machine machine;
  private @Nullable Bus bus;
  private String id = "";
  private @Nullable HardwareNode node;
  private @Nullable HardwareNode place;
  private Consumer<HardwareNode> surroundings = described -> {};
  private final Map<String, MemoryRegion> regions = new LinkedHashMap<>();
  private final Map<String, IrqLine> outputs = new LinkedHashMap<>();
  private final Map<String, IrqLine> inputs = new LinkedHashMap<>();
  private final Map<IrqLine, List<IrqLine>> connections = new LinkedHashMap<>();
  private final Map<String, HardwareNode> clocks = new LinkedHashMap<>();
  private final Map<String, Object> ports = new LinkedHashMap<>();
  private final Map<String, Registers> registers = new LinkedHashMap<>();
  private final List<Bus> buses = new ArrayList<>();
  private final List<Timer> timers = new ArrayList<>();
  private final List<AutoCloseable> resources = new ArrayList<>();
  private boolean busy;
  private boolean settling;
  private boolean unsettled;

  // What a device model implements.

  /**
   * Declares regions, lines and timers, and takes hold of what the device needs. Called once.
   *
   * @throws dev.kasuari.qapi.OptionException if the properties do not fit together
   */
  protected abstract void realize(Wiring wiring);

  /**
   * Drives output lines and arms timers as {@link #state()} says, and nothing else: it is called
   * after every access, timer, input and post, after reset and after restore.
   */
  protected void outputs() {}

  /**
   * The device was reset: {@link #state()} is new.
   *
   * @param before the state until now, of which a device may keep what a reset does not touch
   */
  protected void onReset(S before) {}

  /** The device was restored: {@link #state()} is what was saved. */
  protected void onRestore() {}

  /** Describes the device for software. The default does not appear. */
  public void describe(HardwareNode node) {}

  /**
   * How many operations of the host are under way for this device. The machine waits, after it has
   * stopped the CPUs, until there are none, before it is saved, reset or closed.
   */
  protected int inFlight() {
    return 0;
  }

  /** Gives back what {@link #realize} took and {@link Wiring#own} was not told of. */
  protected void close() {}

  // What a device model uses.

  /** The properties. */
  public final P props() {
    return required(props);
  }

  /** All that changes. Replaced at reset and restore: do not keep it. */
  protected final S state() {
    return required(state);
  }

  // What boards, buses and monitors use.

  /** What kind of device it is. */
  public final DeviceType<P, S, ?> type() {
    return required(type);
  }

  /** Its name in its machine. */
  public final String id() {
    return id;
  }

  /** Names the device, before it is added to a machine. */
  public final void identify(String newId) {
    if (machine != null) {
      throw new IllegalStateException(id + " has its name already");
    }
    id = newId;
  }

  /** The bus it is plugged into. */
  public final Bus bus() {
    return required(bus);
  }

  /** Its place in the hardware description, which others may refer to. */
  public final HardwareNode node() {
    HardwareNode own = node;
    if (own == null) {
      own = new HardwareNode(type().name(), this);
      node = own;
    }
    return own;
  }

  /** The regions in the order of their declaration. */
  public final List<MemoryRegion> regions() {
    return List.copyOf(regions.values());
  }

  /** The region called {@code name}. */
  public final MemoryRegion region(String name) {
    return named(regions, "region", name);
  }

  /** The declared registers by the name of their region. */
  public final Map<String, Registers> registers() {
    return java.util.Collections.unmodifiableMap(registers);
  }

  /** The buses of the device. */
  public final List<Bus> buses() {
    return List.copyOf(buses);
  }

  /** The output line called {@code name}. */
  public final IrqLine output(String name) {
    return named(outputs, "output", name);
  }

  /** The output lines in the order of their declaration. */
  public final List<IrqLine> outputLines() {
    return List.copyOf(outputs.values());
  }

  /** The input line called {@code name}. */
  public final IrqLine input(String name) {
    return named(inputs, "input", name);
  }

  /** The port called {@code name}. */
  public final <T> T port(String name, Class<T> portType) {
    return portType.cast(named(ports, "port", name));
  }

  /** Connects an output to an input of something else, and remembers it for the description. */
  public final void connect(String output, IrqLine input) {
    IrqLine line = output(output);
    line.connect(input);
    connections.computeIfAbsent(line, l -> new ArrayList<>()).add(input);
  }

  /** Has it described in another node than that of its bus. */
  final void describeIn(HardwareNode newPlace) {
    place = newPlace;
  }

  /** Lets who wires the device add to its description what the device cannot know. */
  final void describeFurther(Consumer<HardwareNode> more) {
    surroundings = surroundings.andThen(more);
  }

  /** Says what drives the clock input called {@code name}, for the description. */
  public final void clock(String name, HardwareNode source) {
    clocks.put(name, source);
  }

  /** What drives the clock inputs, by their names in the order they were connected. */
  public final Map<String, HardwareNode> clocks() {
    return java.util.Collections.unmodifiableMap(clocks);
  }

  /** How software calls what the outputs are connected to, in the order of the outputs. */
  public final List<InterruptSpecifier> interrupts() {
    var out = new ArrayList<InterruptSpecifier>();
    for (IrqLine output : outputs.values()) {
      for (IrqLine input : connections.getOrDefault(output, List.of())) {
        InterruptSpecifier specifier = input.specifier();
        if (specifier != null) {
          out.add(specifier);
        }
      }
    }
    return out;
  }

  /** The state as bytes. */
  public final byte[] save() {
    return type().state().encode(state());
  }

  /** The state as JSON, for {@code qom-get} and people. */
  public final Json.Members show() {
    return type().state().show(state());
  }

  // What the machine does.

  final void bind(DeviceType<P, S, ?> newType, P newProps) {
    type = newType;
    props = newProps;
    state = newType.state().create();
  }

  final void attach(Machine newMachine, Bus newBus, String newId) {
    machine = newMachine;
    bus = newBus;
    id = newId;
    realize(new Wiring(newMachine, this, newBus.dma(this)));
  }

  final void detach() {
    timers.forEach(Timer::cancel);
    outputs.values().forEach(l -> l.set(false));
    regions.values().forEach(MemoryRegion::unmap);
    if (node != null) {
      node.detach();
    }
    machine = null;
  }

  /** Called without the lock, after {@link #detach} or when the machine has ended. */
  final void dispose() {
    close();
    for (AutoCloseable resource : resources.reversed()) {
      try {
        resource.close();
      } catch (Exception e) {
        throw new IllegalStateException(id + ": closing " + resource, e);
      }
    }
  }

  final boolean attached() {
    return machine != null;
  }

  final void reset() {
    S before = state();
    state = type().state().create();
    onReset(before);
  }

  final void restore(byte[] bytes) {
    state = type().state().decode(id, bytes);
    onRestore();
  }

  final int operations() {
    return inFlight();
  }

  final HardwareNode describeTo(HardwareNode parent) {
    HardwareNode own = node();
    own.detach();
    own.clear();
    describe(own);
    if (!own.properties().isEmpty()) {
      surroundings.accept(own);
    }
    if (!own.properties().isEmpty()) {
      (place == null ? parent : place).add(own);
    }
    return own;
  }

  // How it is entered.

  /** True while code of the device, or of one behind it, runs. */
  final boolean busy() {
    if (busy) {
      return true;
    }
    // Hot, and an iterator would be made each time.
    for (int i = 0; i < buses.size(); i++) {
      if (buses.get(i).busy()) {
        return true;
      }
    }
    return false;
  }

  final void begin() {
    busy = true;
  }

  final void end() {
    busy = false;
  }

  /** Runs code of the device from outside under the lock, and its outputs after it. */
  final void enter(Runnable action) {
    required(machine).locked(() -> enterLocked(action));
  }

  private void enterLocked(Runnable action) {
    boolean outer = busy;
    busy = true;
    try {
      action.run();
    } finally {
      busy = outer;
    }
    if (outer) {
      unsettled = true; // whoever is inside will settle when it leaves
    } else {
      settle();
    }
  }

  /** Computes the outputs until they change nothing that comes back here. */
  final void settle() {
    if (settling) {
      unsettled = true;
      return;
    }
    settling = true;
    try {
      int rounds = 0;
      do {
        unsettled = false;
        outputs();
        if (++rounds > MAX_ROUNDS) {
          throw new IllegalStateException(id + ": outputs feed back without end");
        }
      } while (unsettled);
    } finally {
      settling = false;
    }
  }

  // What Wiring collects.

  final <T extends MemoryRegion> T addRegion(String name, T region) {
    put(regions, "region", name, region);
    return region;
  }

  final IrqLine addOutput(String name) {
    var line = new IrqLine(id + "." + name);
    put(outputs, "output", name, line);
    return line;
  }

  final IrqLine addInput(String name, IrqLine.Sink sink) {
    var line = new IrqLine(id + "." + name, level -> enter(() -> sink.set(level)));
    put(inputs, "input", name, line);
    return line;
  }

  final void addPort(String name, Object port) {
    put(ports, "port", name, port);
  }

  final void addRegisters(String name, Registers declared) {
    registers.put(name, declared);
  }

  final void addBus(Bus bus) {
    buses.add(bus);
  }

  final void addTimer(Timer timer) {
    timers.add(timer);
  }

  final void addResource(AutoCloseable resource) {
    resources.add(resource);
  }

  private <T> void put(Map<String, T> map, String kind, String name, T value) {
    if (map.putIfAbsent(name, value) != null) {
      throw new IllegalArgumentException(id + ": two of a name: " + kind + " " + name);
    }
  }

  private <T> T named(Map<String, T> map, String kind, String name) {
    T found = map.get(name);
    if (found == null) {
      throw new IllegalArgumentException(
          id + " has no " + kind + " '" + name + "'; it has " + map.keySet());
    }
    return found;
  }

  private <T> T required(@Nullable T value) {
    if (value == null) {
      throw new IllegalStateException(
          getClass().getSimpleName() + " is made by its DeviceType, and added to a machine");
    }
    return value;
  }

  @Override
  public final String toString() {
    return id;
  }
}
