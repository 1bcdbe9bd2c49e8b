package dev.kasuari.vm;

import dev.kasuari.net.NetdevOptions;
import dev.kasuari.qapi.Json;
import dev.kasuari.qapi.Nearest;
import dev.kasuari.qapi.OptionException;
import dev.kasuari.qapi.OptionSource;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A network card and what it is connected to, in one ({@code -nic}).
 *
 * @param netdev what it is connected to
 * @param model what {@code -device} calls the card
 * @param mac its address, or null for the next of the machine's own
 */
public record Nic(NetdevOptions netdev, String model, @Nullable String mac) {
  private static final List<String> MODELS = List.of("virtio-net-device", "virtio");
  private static final List<String> OTHER_MODELS =
      List.of(
          "virtio-net-pci",
          "virtio-net-ccw",
          "e1000",
          "e1000e",
          "igb",
          "rtl8139",
          "ne2k_pci",
          "ne2k_isa",
          "i82551",
          "i82557b",
          "i82559er",
          "pcnet",
          "tulip",
          "vmxnet3",
          "usb-net",
          "cadence_gem");

  /** Takes {@code -nic}'s argument apart. */
  public static OptionSource source(String text) {
    return OptionSource.of("-nic " + text, text, "type");
  }

  /**
   * Understands it.
   *
   * @param number how many there were before
   * @return null for {@code none}
   * @throws OptionException if it makes no sense, or names what is not there yet
   */
  static @Nullable Nic parse(OptionSource source, int number) {
    if ("none".equals(source.text("type"))) {
      return null;
    }
    String model = source.text("model");
    if (model != null && OTHER_MODELS.contains(model)) {
      throw NotYet.of(source.where() + ": model=" + model, "network card");
    }
    if (model != null && !MODELS.contains(model)) {
      throw new OptionException(
          source.where() + ": no network card '" + model + "'" + Nearest.hint(model, MODELS));
    }
    return new Nic(
        Netdevs.parse(named(source.without("model", "mac"), "nic" + number)),
        "virtio-net-device",
        source.text("mac"));
  }

  private static OptionSource named(OptionSource source, String id) {
    var members = new LinkedHashMap<String, Json>(source.tree().members());
    members.putIfAbsent("id", new Json.Text(id));
    return new OptionSource(
        source.where(), new Json.Members(members), source.strict(), source.bare());
  }

  /** The card, as {@code -device} describes it. */
  OptionSource device() {
    Map<String, Json> members = new LinkedHashMap<>();
    members.put("driver", new Json.Text(model));
    members.put("netdev", new Json.Text(netdev.id()));
    if (mac != null) {
      members.put("mac", new Json.Text(mac));
    }
    return OptionSource.of("-nic", new Json.Members(members));
  }
}
