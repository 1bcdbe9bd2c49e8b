package dev.kasuari.machine;

import dev.kasuari.machine.state.StateCodec;
import dev.kasuari.qapi.OptionCodec;
import dev.kasuari.qapi.OptionSource;
import dev.kasuari.qapi.References;

/**
 * What is known of a kind of device without having one: name, bus, properties, state. Generated
 * from {@link DeviceModel}.
 *
 * @param <P> its properties
 * @param <S> its state
 * @param <D> the device
 */
public abstract class DeviceType<P, S, D extends Device<P, S>> {
  private final String name;
  private final Class<? extends Bus> bus;
  private final String doc;
  private final OptionCodec<P> properties;
  private final StateCodec<S> state;

  /** For generated classes. */
  protected DeviceType(
      String name,
      Class<? extends Bus> bus,
      String doc,
      OptionCodec<P> properties,
      StateCodec<S> state) {
    this.name = name;
    this.bus = bus;
    this.doc = doc;
    this.properties = properties;
    this.state = state;
  }

  /** What {@code -device} calls it. */
  public final String name() {
    return name;
  }

  /** The kind of bus it sits on. */
  public final Class<? extends Bus> bus() {
    return bus;
  }

  /** A line about it. */
  public final String doc() {
    return doc;
  }

  /** Its properties. */
  public final OptionCodec<P> properties() {
    return properties;
  }

  /** Its state. */
  public final StateCodec<S> state() {
    return state;
  }

  /** A new device, not yet part of a machine. */
  public final D create(P props) {
    D device = instantiate();
    device.bind(this, props);
    return device;
  }

  /**
   * A new device from what a user wrote.
   *
   * @throws dev.kasuari.qapi.OptionException if a property is wrong
   */
  public final D create(OptionSource source, References references) {
    return create(properties.parse(source, references));
  }

  /** For generated classes: calls the constructor. */
  protected abstract D instantiate();

  /** What {@code -device NAME,help} prints. */
  public final String help() {
    return name
        + " ("
        + bus.getSimpleName()
        + "): "
        + doc
        + System.lineSeparator()
        + properties.schema().help();
  }

  @Override
  public final String toString() {
    return name;
  }
}
