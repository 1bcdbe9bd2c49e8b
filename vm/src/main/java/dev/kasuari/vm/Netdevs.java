package dev.kasuari.vm;

import dev.kasuari.net.NetdevOptions;
import dev.kasuari.net.NetdevOptionsCodec;
import dev.kasuari.qapi.Nearest;
import dev.kasuari.qapi.OptionException;
import dev.kasuari.qapi.OptionSource;
import java.util.List;

/** What network cards are connected to ({@code -netdev}, {@code -nic}). */
public final class Netdevs {
  private static final List<String> KINDS = List.of("loopback", "null");
  private static final List<String> OTHER_KINDS =
      List.of(
          "user",
          "tap",
          "bridge",
          "socket",
          "stream",
          "dgram",
          "hubport",
          "l2tpv3",
          "vde",
          "netmap",
          "af-xdp",
          "vhost-user",
          "vhost-vdpa",
          "vmnet-host",
          "vmnet-shared",
          "vmnet-bridged");

  private Netdevs() {}

  /** Takes {@code -netdev}'s argument apart. */
  public static OptionSource source(String text) {
    return OptionSource.of("-netdev " + text, text, "type");
  }

  /**
   * Understands it.
   *
   * @throws OptionException if it makes no sense, or names what is not there yet
   */
  static NetdevOptions parse(OptionSource source) {
    String kind = source.text("type");
    if (kind != null && OTHER_KINDS.contains(kind)) {
      throw NotYet.of(source.where(), "kind of network");
    }
    if (kind != null && !KINDS.contains(kind)) {
      throw new OptionException(
          source.where() + ": no such network '" + kind + "'" + Nearest.hint(kind, KINDS));
    }
    return NetdevOptionsCodec.CODEC.parse(source);
  }

  /** What {@code -netdev help} prints. */
  public static String help() {
    return """
    Networks:
      loopback,id=ID   every frame comes back to the card that sent it
      null,id=ID       nothing
    """;
  }
}
