package dev.kasuari.net;

import dev.kasuari.machine.backend.NetBackend;
import dev.kasuari.qapi.Options;

/** What a network card's cable leads to, as {@code -netdev} describes it. */
@Options(implied = "type", discriminator = "type")
public sealed interface NetdevOptions {
  /** What {@code netdev=} calls it. */
  String id();

  /**
   * Nothing: what is sent is lost, nothing comes.
   *
   * @param id what {@code netdev=} calls it
   */
  @Options(branch = "null")
  record Nothing(String id) implements NetdevOptions {}

  /**
   * A plug that leads every frame back to the card that sent it.
   *
   * @param id what {@code netdev=} calls it
   */
  @Options(branch = "loopback")
  record Loopback(String id) implements NetdevOptions {}

  /** Makes the back end. */
  default NetBackend open() {
    return switch (this) {
      case Nothing nothing -> new NullNetdev(nothing.id());
      case Loopback loopback -> new LoopbackNetdev(loopback.id());
    };
  }
}
