package dev.kasuari.vm;

import dev.kasuari.machine.DeviceType;
import dev.kasuari.machine.DeviceTypes;
import dev.kasuari.machine.SysBus;
import dev.kasuari.qapi.Json;
import dev.kasuari.qapi.Nearest;
import dev.kasuari.qapi.OptionException;
import dev.kasuari.qapi.OptionSource;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * What a property is for all devices of a type, unless a device says otherwise ({@code -global}).
 *
 * @param driver the type's name
 * @param property the property's name
 * @param value as it would be written behind {@code -device}
 */
public record DeviceDefault(String driver, String property, String value) {
  /** QEMU's short form; a type with a point in its name needs the long one. */
  private static final Pattern SHORT = Pattern.compile("([^.=,]+)\\.([^=,]+)=(.*)");

  /**
   * Reads {@code DRIVER.PROPERTY=VALUE} or {@code driver=…,property=…,value=…}.
   *
   * @throws OptionException if it is neither
   */
  public static DeviceDefault parse(String text) {
    Matcher brief = SHORT.matcher(text);
    if (brief.matches()) {
      return new DeviceDefault(brief.group(1), brief.group(2), brief.group(3));
    }
    OptionSource source = OptionSource.of("-global " + text, text, "");
    String driver = source.text("driver");
    String property = source.text("property");
    String value = source.text("value");
    boolean more = !source.without("driver", "property", "value").tree().members().isEmpty();
    if (driver == null || property == null || value == null || more) {
      throw new OptionException(
          "-global "
              + text
              + ": expected DRIVER.PROPERTY=VALUE, such as virtio-blk-device.serial=1");
    }
    return new DeviceDefault(driver, property, value);
  }

  private String where() {
    return "-global " + driver + "." + property + "=" + value;
  }

  /** A device's properties with this one, if they leave it out. */
  OptionSource applied(OptionSource device) {
    Map<String, Json> members = device.tree().members();
    boolean said = members.containsKey(property) || device.bare().contains("no" + property);
    if (said || !driver.equals(device.text("driver"))) {
      return device;
    }
    var more = new LinkedHashMap<>(members);
    more.put(property, new Json.Text(value));
    return new OptionSource(device.where(), new Json.Members(more), false, device.bare());
  }

  /**
   * Complains of what would have no effect.
   *
   * @throws OptionException if there is no such property, or the board has chosen it
   */
  void check(DeviceTypes types) {
    DeviceType<?, ?, ?> type = NamedDevices.find(types, where(), driver);
    if (type.properties().schema().field(property) == null) {
      throw new OptionException(
          where()
              + ": no such property"
              + Nearest.hint(property, type.properties().schema().keys()));
    }
    if (type.bus().equals(SysBus.class) && !isStandard(type)) {
      throw new OptionException(where() + ": the board makes this device, with its own choice");
    }
  }

  /** Whether it changes nothing. */
  private boolean isStandard(DeviceType<?, ?, ?> type) {
    var chosen =
        new OptionSource(
            where(), new Json.Members(Map.of(property, new Json.Text(value))), false, Set.of());
    return type.properties()
        .parse(chosen)
        .equals(type.properties().parse(OptionSource.empty(where())));
  }
}
