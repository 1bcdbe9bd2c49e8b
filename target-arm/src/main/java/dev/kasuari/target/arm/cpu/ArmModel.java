package dev.kasuari.target.arm.cpu;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * Which processing element it is: {@code -cpu NAME,property=value,…}. A value; the {@code with}
 * methods make another.
 */
public final class ArmModel {
  /** Bytes that DC ZVA zeroes. */
  public static final int ZERO_BLOCK = 64;

  /** Ticks of the system counter in a second unless the model is told otherwise. */
  private static final long COUNTER_FREQUENCY = 62_500_000;

  private static final String MAX = "max";
  private static final String PFR0 = "id_aa64pfr0_el1";
  private static final String ISAR1 = "id_aa64isar1_el1";
  private static final String ISAR2 = "id_aa64isar2_el1";
  private static final int APA = 4;
  private static final int API = 8;
  private static final int GPA = 24;
  private static final int GPI = 28;
  private static final int APA3 = 12;
  private static final int GPA3 = 8;

  /** What QEMU's models have as well and these do not. */
  private static final String NOT_YET = "sve.*|sme.*|kvm-.*|has_el[23]|rvbar|mp-affinity|psci-.*";

  private final String name;
  private final Map<String, Long> registers;
  private final long counterFrequency;
  private final long features;

  private ArmModel(String name, Map<String, Long> wanted, long counterFrequency) {
    this.name = name;
    this.registers = Identification.announced(wanted);
    this.counterFrequency = counterFrequency;
    this.features = Identification.features(registers);
  }

  private ArmModel(ArmModel other, long more) {
    this.name = other.name;
    this.registers = other.registers;
    this.counterFrequency = other.counterFrequency;
    this.features = other.features | more;
  }

  // ---- by name ---------------------------------------------------------------------------------

  /** All names, for {@code -cpu help}. */
  public static List<String> names() {
    return List.copyOf(ArmModels.all().keySet());
  }

  /**
   * The model of that name, with EL0 and EL1.
   *
   * @throws IllegalArgumentException if there is none; the message is for people
   */
  public static ArmModel named(String name) {
    Map<String, Long> wanted = ArmModels.all().get(name);
    if (wanted == null) {
      throw new IllegalArgumentException(
          "-cpu %s: no such CPU model; there are %s".formatted(name, String.join(", ", names())));
    }
    return new ArmModel(name, wanted, COUNTER_FREQUENCY);
  }

  /**
   * A model with properties, as in {@code max,pauth=off}; a property without a value is on.
   *
   * @throws IllegalArgumentException if there is no such model, property or value; the message is
   *     for people
   */
  public static ArmModel parse(String cpu) {
    String[] parts = cpu.split(",", -1);
    ArmModel model = named(parts[0]);
    PauthOptions pauth = PauthOptions.DEFAULT;
    for (int i = 1; i < parts.length; i++) {
      int equals = parts[i].indexOf('=');
      String property = equals < 0 ? parts[i] : parts[i].substring(0, equals);
      String value = equals < 0 ? "on" : parts[i].substring(equals + 1);
      if (PauthOptions.has(property)) {
        pauth = pauth.with(property, model.on(property, model.onlyMax(property, value)));
      } else {
        model = model.with(property, value);
      }
    }
    return model.withPauth(pauth);
  }

  /** Lines for {@code -cpu help}: models and their properties. */
  public static List<String> help() {
    var lines = new ArrayList<>(names());
    lines.add("");
    lines.add("Properties, as in -cpu max,pauth=off:");
    lines.addAll(properties());
    return List.copyOf(lines);
  }

  /** The properties there are, each with what it says. */
  private static List<String> properties() {
    return List.of(
        "aarch64=on          has to be on: there is no AArch32",
        "cntfrq=NUMBER       ticks of the system counter in a second",
        "lpa2=on|off         addresses of 52 bits in granules of 4 and 16 KiB (max)",
        "pauth=on|off        pointer authentication (max)",
        "pauth-impdef=on|off pointer authentication by a fast algorithm, the default (max)",
        "pauth-qarma3=on|off pointer authentication by QARMA with three rounds, slow (max)",
        "pauth-qarma5=on|off pointer authentication by QARMA with five rounds, slow (max)",
        "pmu=on|off          performance monitors",
        "sme=off             the scalable matrix extension is not there yet (max)",
        "sve=off             the scalable vector extension is not there yet (max)");
  }

  /** All that there is of the instruction set and of its environment, with EL0 and EL1. */
  public static ArmModel base() {
    return named(MAX);
  }

  // ---- properties ------------------------------------------------------------------------------

  /**
   * The same with one property of {@code -cpu} changed.
   *
   * @throws IllegalArgumentException if there is no such property or value; the message is for
   *     people
   */
  private ArmModel with(String property, String value) {
    return switch (property) {
      case "aarch64" -> {
        if (!on(property, value)) {
          throw new IllegalArgumentException(
              "-cpu %s,aarch64=off: there is no AArch32".formatted(name));
        }
        yield this;
      }
      case "sme", "sve" -> {
        if (on(property, onlyMax(property, value))) {
          throw new IllegalArgumentException(
              "-cpu %s,%s=on: that is not there yet".formatted(name, property));
        }
        yield this;
      }
      case "cntfrq" -> new ArmModel(name, registers, frequency(value));
      case "pmu" -> on(property, value) ? this : withField("id_aa64dfr0_el1", 8, 0);
      case "lpa2" -> {
        boolean wide = on(property, onlyMax(property, value));
        yield wide ? wideAgain() : narrow();
      }
      default -> throw unknown(property);
    };
  }

  private String onlyMax(String property, String value) {
    if (!name.equals(MAX)) {
      throw new IllegalArgumentException(
          "-cpu %s,%s: only max has that property".formatted(name, property));
    }
    return value;
  }

  private ArmModel narrow() {
    String mmfr0 = "id_aa64mmfr0_el1";
    ArmModel narrow = withField(mmfr0, 20, 1).withField(mmfr0, 28, 0);
    return narrow.withField(mmfr0, 32, 2).withField(mmfr0, 40, 2);
  }

  private ArmModel wideAgain() {
    String mmfr0 = "id_aa64mmfr0_el1";
    ArmModel wide = withField(mmfr0, 20, 2).withField(mmfr0, 28, 1);
    return wide.withField(mmfr0, 32, 3).withField(mmfr0, 40, 3);
  }

  private ArmModel withPauth(PauthOptions options) {
    if (options.equals(PauthOptions.DEFAULT)) {
      return this;
    }
    PauthOptions.Algorithm algorithm;
    try {
      algorithm = options.algorithm();
    } catch (IllegalArgumentException e) {
      throw new IllegalArgumentException("-cpu %s: %s".formatted(name, e.getMessage()), e);
    }
    int five = algorithm == PauthOptions.Algorithm.QARMA5 ? 1 : 0;
    int three = algorithm == PauthOptions.Algorithm.QARMA3 ? 1 : 0;
    int other = algorithm == PauthOptions.Algorithm.IMPLEMENTATION_DEFINED ? 1 : 0;
    return withField(ISAR1, APA, five)
        .withField(ISAR1, GPA, five)
        .withField(ISAR2, APA3, three)
        .withField(ISAR2, GPA3, three)
        .withField(ISAR1, API, other)
        .withField(ISAR1, GPI, other);
  }

  private boolean on(String property, String value) {
    return switch (value) {
      case "on", "true", "yes", "y" -> true;
      case "off", "false", "no", "n" -> false;
      default ->
          throw new IllegalArgumentException(
              "-cpu %s,%s=%s: expected on or off".formatted(name, property, value));
    };
  }

  private long frequency(String value) {
    try {
      long frequency = Long.decode(value);
      if (frequency > 0 && frequency <= 1_000_000_000L) {
        return frequency;
      }
    } catch (NumberFormatException e) {
      // Reported below with what would be right.
    }
    throw new IllegalArgumentException(
        "-cpu %s,cntfrq=%s: expected a number of 1 to 1000000000".formatted(name, value));
  }

  private IllegalArgumentException unknown(String property) {
    String text =
        property.matches(NOT_YET)
            ? "-cpu %s,%s: that property is not there yet; there are %s"
            : "-cpu %s,%s: no such property; there are %s";
    List<String> there = properties().stream().map(line -> line.split("=", 2)[0]).toList();
    return new IllegalArgumentException(text.formatted(name, property, String.join(", ", there)));
  }

  // ---- what boards decide ----------------------------------------------------------------------

  /** The same with these exception levels above EL1. */
  public ArmModel withLevels(boolean el2, boolean el3) {
    return withField(PFR0, 8, el2 ? 1 : 0).withField(PFR0, 12, el3 ? 1 : 0);
  }

  /** The same with instructions that it does not announce. */
  public ArmModel withFeatures(long more) {
    return new ArmModel(this, more);
  }

  private ArmModel withField(String register, int shift, long value) {
    var changed = new HashMap<>(registers);
    long others = registers.getOrDefault(register, 0L) & ~(15L << shift);
    changed.put(register, others | value << shift);
    return new ArmModel(name, changed, counterFrequency);
  }

  // ---- what it is ------------------------------------------------------------------------------

  /** Name, features and identification registers: equal of models that are. */
  @Override
  public String toString() {
    return "%s features=%x %s".formatted(name, features, new TreeMap<>(registers));
  }

  /** As {@code -cpu} takes it. */
  public String name() {
    return name;
  }

  /** What the devicetree calls it; max is what QEMU says that its is. */
  public String compatible() {
    return name.equals(MAX) ? "arm,cortex-a57" : "arm," + name;
  }

  /** Bits of {@link dev.kasuari.target.arm.isa.A64Features}. */
  public long features() {
    return features;
  }

  public boolean has(long feature) {
    return (features & feature) != 0;
  }

  /** The highest exception level, 1 to 3. */
  public int levels() {
    return hasSecureMonitor() ? 3 : hasHypervisor() ? 2 : 1;
  }

  /** Whether there is EL2. */
  public boolean hasHypervisor() {
    return field(PFR0, 8) != 0;
  }

  /** Whether there is EL3, and with it the secure state. */
  public boolean hasSecureMonitor() {
    return field(PFR0, 12) != 0;
  }

  /** Whether there are performance monitors. */
  public boolean hasMonitors() {
    return field("id_aa64dfr0_el1", 8) != 0;
  }

  /** Ticks of the system counter in a second. */
  public long counterFrequency() {
    return counterFrequency;
  }

  /** MIDR_EL1. */
  public int midr() {
    return (int) identification("midr_el1");
  }

  /** The value of a register that never changes, by its name in small letters; 0 for unknown. */
  public long identification(String register) {
    return registers.getOrDefault(register, 0L);
  }

  /** Four bits of such a register. */
  int field(String register, int shift) {
    return (int) (identification(register) >>> shift) & 15;
  }
}
