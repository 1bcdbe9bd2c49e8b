package dev.kasuari.target.riscv.cpu;

import dev.kasuari.target.riscv.isa.RiscvFeatures;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.EnumSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * Which hart it is: {@code -cpu NAME,property=value,…}. A value; the {@code with} methods make
 * another.
 *
 * @param name the model's name for {@code -cpu}
 * @param xlen 32 or 64
 * @param options what it has
 * @param mvendorid JEDEC manufacturer, 0 for none
 * @param marchid microarchitecture, 0 for none
 * @param mimpid version of the microarchitecture
 */
public record RiscvModel(
    String name, int xlen, Set<RiscvOption> options, long mvendorid, long marchid, long mimpid) {

  /** Number of PMP entries where there are any. */
  public static final int PMP_ENTRIES = 16;

  /** Bytes that an instruction for cache blocks is about. */
  public static final int CACHE_BLOCK = 64;

  /** What no model has unless it is told to. */
  private static final Set<RiscvOption> EXTRA =
      EnumSet.of(
          RiscvOption.SVADE,
          RiscvOption.SVINVAL,
          RiscvOption.SVNAPOT,
          RiscvOption.SVPBMT,
          RiscvOption.ZACAS,
          RiscvOption.ZFH,
          RiscvOption.ZFHMIN);

  /** The translations of an XLEN, the narrowest first. */
  private static final List<RiscvOption> SCHEMES =
      List.of(RiscvOption.SV39, RiscvOption.SV48, RiscvOption.SV57);

  public RiscvModel {
    options = options.isEmpty() ? Set.of() : Collections.unmodifiableSet(EnumSet.copyOf(options));
  }

  /** What the {@code virt} board has unless told otherwise. */
  public static RiscvModel rv64() {
    var options = EnumSet.allOf(RiscvOption.class);
    options.removeAll(EXTRA);
    options.remove(RiscvOption.SV32);
    return new RiscvModel("rv64", 64, options, 0, 0, 0);
  }

  /** The same with 32-bit registers. */
  public static RiscvModel rv32() {
    var options = EnumSet.copyOf(rv64().options);
    SCHEMES.forEach(options::remove);
    options.add(RiscvOption.SV32);
    return new RiscvModel("rv32", 32, options, 0, 0, 0);
  }

  /** Everything there is. */
  public static RiscvModel max() {
    var options = EnumSet.allOf(RiscvOption.class);
    options.removeAll(Set.of(RiscvOption.SV32, RiscvOption.SVADE));
    return new RiscvModel("max", 64, options, 0, 0, 0);
  }

  /** Everything there is with 32-bit registers. */
  public static RiscvModel max32() {
    var options = EnumSet.copyOf(rv32().options);
    options.addAll(EXTRA);
    // With Sv32 there is neither of them.
    options.removeAll(Set.of(RiscvOption.SVADE, RiscvOption.SVNAPOT, RiscvOption.SVPBMT));
    return new RiscvModel("max32", 32, options, 0, 0, 0);
  }

  /** The base instruction set and M-mode alone, to which properties add. */
  private static RiscvModel rv64i() {
    return new RiscvModel("rv64i", 64, EnumSet.of(RiscvOption.ZICSR), 0, 0, 0);
  }

  /** The same with 32-bit registers. */
  private static RiscvModel rv32i() {
    return new RiscvModel("rv32i", 32, EnumSet.of(RiscvOption.ZICSR), 0, 0, 0);
  }

  /** All models, for {@code -cpu help}. */
  public static List<RiscvModel> all() {
    return List.of(max(), max32(), rv32(), rv32i(), rv64(), rv64i());
  }

  /**
   * The model of that name.
   *
   * @throws IllegalArgumentException if there is none; the message is for people
   */
  public static RiscvModel named(String name) {
    return all().stream()
        .filter(m -> m.name.equals(name))
        .findFirst()
        .orElseThrow(() ->
            new IllegalArgumentException(
                "-cpu %s: no such CPU model; there are %s"
                    .formatted(name, String.join(", ", all().stream().map(m -> m.name).toList()))));
  }

  /** True if the hart has it. */
  public boolean has(RiscvOption option) {
    return options.contains(option);
  }

  /** The {@link RiscvFeatures} that instructions depend on. */
  public long features() {
    long bits = xlen == 32 ? RiscvFeatures.RV32 : RiscvFeatures.RV64;
    for (RiscvOption option : options) {
      bits |= option.feature();
    }
    return bits;
  }

  /** The same hart with or without one thing. */
  public RiscvModel with(RiscvOption option, boolean on) {
    EnumSet<RiscvOption> changed = EnumSet.noneOf(RiscvOption.class);
    changed.addAll(options);
    if (on) {
      changed.add(option);
    } else {
      changed.remove(option);
    }
    return new RiscvModel(name, xlen, changed, mvendorid, marchid, mimpid);
  }

  /**
   * The same hart with one property of {@code -cpu} changed. What depends on each other is checked
   * by {@link #checked}, after the last.
   *
   * @throws IllegalArgumentException if there is no such property or value; the message is for
   *     people
   */
  public RiscvModel with(String property, String value) {
    return switch (property) {
      case "mvendorid" ->
          new RiscvModel(name, xlen, options, number(property, value, 32), marchid, mimpid);
      case "marchid" ->
          new RiscvModel(name, xlen, options, mvendorid, number(property, value, xlen), mimpid);
      case "mimpid" ->
          new RiscvModel(name, xlen, options, mvendorid, marchid, number(property, value, xlen));
      default -> withSwitch(property, value);
    };
  }

  private RiscvModel withSwitch(String property, String value) {
    Optional<RiscvOption> option = RiscvOption.named(property);
    if (option.isEmpty()) {
      throw unknown(property);
    }
    boolean on =
        switch (value) {
          case "on", "true", "yes", "y" -> true;
          case "off", "false", "no", "n" -> false;
          default ->
              throw new IllegalArgumentException(
                  "-cpu %s,%s=%s: expected on or off".formatted(name, property, value));
        };
    return with(option.get(), on).implying(option.get(), on);
  }

  /** What follows from an option that was named. */
  private RiscvModel implying(RiscvOption option, boolean on) {
    RiscvModel changed = this;
    int scheme = SCHEMES.indexOf(option);
    if (scheme >= 0) {
      // The widest translation that is named is the widest there is.
      for (int i = 0; i < SCHEMES.size(); i++) {
        boolean narrower = i < scheme;
        if (i > scheme || (narrower && on)) {
          changed = changed.with(SCHEMES.get(i), narrower);
        }
      }
    }
    return option == RiscvOption.ZFH && on ? changed.with(RiscvOption.ZFHMIN, true) : changed;
  }

  private IllegalArgumentException unknown(String property) {
    boolean known =
        (property.length() == 1 && "ehqvbkjtp".contains(property))
            || property.matches("(z|s[sv]|sm|x)[a-z0-9]+|vlen|elen|cbo.*_blocksize|num-.*");
    String text =
        known
            ? "-cpu %s,%s: that property is not there yet; there are %s"
            : "-cpu %s,%s: no such property; there are %s";
    return new IllegalArgumentException(
        text.formatted(name, property, String.join(", ", properties())));
  }

  private long number(String property, String value, int bits) {
    try {
      long parsed = parseUnsigned(value);
      if (bits == 64 || parsed >>> bits == 0) {
        return parsed;
      }
    } catch (NumberFormatException e) {
      // Reported below with what would be right.
    }
    throw new IllegalArgumentException(
        "-cpu %s,%s=%s: expected a number of at most %d bits"
            .formatted(name, property, value, bits));
  }

  private static long parseUnsigned(String text) {
    return text.startsWith("0x")
        ? Long.parseUnsignedLong(text.substring(2), 16)
        : Long.parseUnsignedLong(text);
  }

  /** The names that {@link #with(String, String)} takes. */
  public static List<String> properties() {
    var names = new ArrayList<String>();
    Arrays.stream(RiscvOption.values()).map(RiscvOption::property).forEach(names::add);
    names.addAll(List.of("mvendorid", "marchid", "mimpid"));
    return List.copyOf(names);
  }

  /**
   * This model, if it can exist.
   *
   * @throws IllegalArgumentException if it has something without what that needs; the message is
   *     for people
   */
  public RiscvModel checked() {
    needs(RiscvOption.D, RiscvOption.F);
    needs(RiscvOption.F, RiscvOption.ZICSR);
    needs(RiscvOption.ZICNTR, RiscvOption.ZICSR);
    needs(RiscvOption.ZIHPM, RiscvOption.ZICSR);
    needs(RiscvOption.S, RiscvOption.ZICSR);
    needs(RiscvOption.SSTC, RiscvOption.S);
    needs(RiscvOption.MMU, RiscvOption.S);
    needs(RiscvOption.SVINVAL, RiscvOption.S);
    needs(RiscvOption.SVNAPOT, RiscvOption.MMU);
    needs(RiscvOption.SVPBMT, RiscvOption.MMU);
    needs(RiscvOption.ZACAS, RiscvOption.A);
    needs(RiscvOption.ZAWRS, RiscvOption.A);
    needs(RiscvOption.ZFH, RiscvOption.ZFHMIN);
    needs(RiscvOption.ZFHMIN, RiscvOption.F);
    needs(RiscvOption.SV48, RiscvOption.SV39);
    needs(RiscvOption.SV57, RiscvOption.SV48);
    if (xlen == 32) {
      SCHEMES.forEach(this::refuses);
      refuses(RiscvOption.SVNAPOT);
      refuses(RiscvOption.SVPBMT);
    } else {
      refuses(RiscvOption.SV32);
    }
    if (has(RiscvOption.MMU)) {
      needs(RiscvOption.MMU, xlen == 32 ? RiscvOption.SV32 : RiscvOption.SV39);
    }
    return this;
  }

  private void needs(RiscvOption option, RiscvOption needed) {
    if (has(option) && !has(needed)) {
      throw new IllegalArgumentException(
          "-cpu %s: %s=on needs %s=on".formatted(name, option.property(), needed.property()));
    }
  }

  private void refuses(RiscvOption option) {
    if (has(option)) {
      throw new IllegalArgumentException(
          "-cpu %s: %s=on is for %d-bit registers"
              .formatted(name, option.property(), xlen == 32 ? 64 : 32));
    }
  }

  /** Levels of page table of the widest translation: 2 to 5, or 0 for none. */
  public int pageTableLevels() {
    if (!has(RiscvOption.MMU)) {
      return 0;
    }
    return has(RiscvOption.SV57) ? 5 : has(RiscvOption.SV48) ? 4 : has(RiscvOption.SV39) ? 3 : 2;
  }

  /** The devicetree's {@code riscv,isa}. */
  public String isaString() {
    var isa = new StringBuilder("rv" + xlen + "i");
    for (RiscvOption option : RiscvOption.values()) {
      if (has(option) && option.inIsa()) {
        isa.append(option.isaName().length() > 1 ? "_" : "").append(option.isaName());
      }
    }
    return isa.toString();
  }

  /** The devicetree's {@code riscv,isa-base}. */
  public String isaBase() {
    return "rv" + xlen + "i";
  }

  /** The devicetree's {@code riscv,isa-extensions}. */
  public List<String> isaExtensions() {
    var names = new ArrayList<>(List.of("i"));
    for (RiscvOption option : RiscvOption.values()) {
      if (has(option) && option.inIsa()) {
        names.add(option.isaName());
      }
    }
    return List.copyOf(names);
  }

  /** The devicetree's {@code mmu-type}. */
  public String mmuType() {
    return switch (pageTableLevels()) {
      case 2 -> "riscv,sv32";
      case 3 -> "riscv,sv39";
      case 4 -> "riscv,sv48";
      case 5 -> "riscv,sv57";
      default -> "riscv,none";
    };
  }

  /** What {@code misa} reads (privileged, section 3.1.1). U-mode is always there. */
  public long misa() {
    long letters = letter('I') | letter('U');
    for (RiscvOption option : options) {
      String property = option.property();
      letters |= property.length() == 1 ? letter(Character.toUpperCase(property.charAt(0))) : 0;
    }
    return (xlen == 32 ? 1L << 30 : 2L << 62) | letters;
  }

  private static long letter(char c) {
    return 1L << (c - 'A');
  }
}
