package dev.kasuari.machine;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A wire that is high or low: an interrupt, a reset, a GPIO. Who drives it calls {@link #set}; who
 * listens was connected by the board. It is a level, not an event: setting it to what it is does
 * nothing, and listeners hear of changes only.
 *
 * <p>Driven under the machine's lock; {@link #level()} may be read by any thread.
 */
public final class IrqLine {
  /** What hears the changes of a line. */
  @FunctionalInterface
  public interface Sink {
    /** The line is now high, or low. */
    void set(boolean level);
  }

  private final String name;
  private final List<Sink> sinks = new ArrayList<>(1);
  private volatile boolean level;
  private @Nullable InterruptSpecifier specifier;

  /** A low line that nobody listens to. */
  public IrqLine(String name) {
    this.name = name;
  }

  /** A line whose changes {@code sink} hears: an input of whoever makes it. */
  public IrqLine(String name, Sink sink) {
    this.name = name;
    sinks.add(sink);
  }

  /** The name, for traces. */
  public String name() {
    return name;
  }

  /** True while high. */
  public boolean level() {
    return level;
  }

  /** Drives the line. */
  public void set(boolean high) {
    if (level == high) {
      return;
    }
    level = high;
    // Hot, and an iterator would be made each time.
    for (int i = 0; i < sinks.size(); i++) {
      sinks.get(i).set(high);
    }
  }

  /** High and low again: an edge, for what is edge-triggered. */
  public void pulse() {
    set(true);
    set(false);
  }

  /** Connects one more listener, which at once takes the present level. */
  public void connect(Sink sink) {
    sinks.add(sink);
    if (level) {
      sink.set(true);
    }
  }

  /** Connects an input of something else. */
  public void connect(IrqLine input) {
    connect(input::set);
  }

  /** Disconnects what {@link #connect(Sink)} connected; it takes a low level. */
  public void disconnect(Sink sink) {
    if (sinks.remove(sink) && level) {
      sink.set(false);
    }
  }

  /** A line that is always the opposite of this one. */
  public IrqLine inverted() {
    var opposite = new IrqLine(name + "-inverted");
    opposite.set(!level);
    connect((Sink) high -> opposite.set(!high));
    return opposite;
  }

  /** What the hardware description calls this input of an interrupt controller, or null. */
  public @Nullable InterruptSpecifier specifier() {
    return specifier;
  }

  /** Sets what the hardware description calls this input. */
  public IrqLine describe(@Nullable InterruptSpecifier newSpecifier) {
    specifier = newSpecifier;
    return this;
  }

  /** True if anybody listens. */
  public boolean connected() {
    return !sinks.isEmpty();
  }

  @Override
  public String toString() {
    return name + (level ? "=1" : "=0");
  }
}
