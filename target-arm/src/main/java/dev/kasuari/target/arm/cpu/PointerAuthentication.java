package dev.kasuari.target.arm.cpu;

import dev.kasuari.machine.cpu.GuestState;
import dev.kasuari.target.arm.cpu.SystemRegister.Guard;
import dev.kasuari.target.arm.isa.A64Features;
import java.util.List;

/** Codes in the unused bits of pointers, FEAT_PAuth. Source: DDI 0487, D8.9 and J1.1 "AddPAC". */
final class PointerAuthentication {
  // Keys by their place in the state, two doublewords each.
  static final int IA = 0;
  static final int IB = 1;
  static final int DA = 2;
  static final int GA = 4;

  private static final List<String> KEYS = List.of("apia", "apib", "apda", "apdb", "apga");

  /** SCTLR_ELx.EnIA, EnIB, EnDA and EnDB. */
  private static final long[] ENABLES = {1L << 31, 1L << 30, 1L << 27, 1L << 13};

  private final ArmCpu cpu;
  private final GuestState state;
  private final Traps traps;
  private final PointerCode codes;
  private final boolean fast;

  /** For each regime, where codes are by that TCR; 0 if that is not known. */
  private final long[] formats = new long[Regime.count()];

  private final long[] tcrs = new long[Regime.count()];

  PointerAuthentication(ArmCpu cpu, Traps traps) {
    this.cpu = cpu;
    this.state = cpu.state();
    this.traps = traps;
    this.codes = PointerCode.of(cpu.model());
    this.fast = cpu.model().has(A64Features.PAUTH) && PointerCode.isFast(cpu.model());
  }

  void declare(SystemRegisters registers) {
    Guard guard = (level, writes) -> use(level, Traps.APK, Traps.SCR_APK);
    for (int key = 0; key < KEYS.size(); key++) {
      registers.field(KEYS.get(key) + "keylo_el1", guard, ArmState.KEYS, 2 * key, -1);
      registers.field(KEYS.get(key) + "keyhi_el1", guard, ArmState.KEYS, 2 * key + 1, -1);
    }
  }

  // ---- controls --------------------------------------------------------------------------------

  /** Traps unless EL2 and EL3 allow it, by bits that the two have. */
  private int use(int level, long hcrBit, long scrBit) {
    boolean host = level == 0 && cpu.hypervisorHost(2);
    if (level < 2 && cpu.el2Enabled() && !host && !traps.hcr(level, hcrBit)) {
      return 2;
    }
    boolean monitored = level < 3 && cpu.model().hasSecureMonitor();
    return monitored && !traps.scr(level, scrBit) ? 3 : Guard.PERMITTED;
  }

  /** The level that an instruction that uses a key traps to; 0 for none. */
  int trapLevel() {
    return use(cpu.level(), Traps.API, Traps.SCR_API);
  }

  /** Whether instructions with a key do anything here: IA, IB, DA or DB. */
  boolean enabled(int key) {
    int level = cpu.level() == 0 ? traps.aboveEl0() : cpu.level();
    return (state.get(ArmState.SCTLR, level) & ENABLES[key]) != 0;
  }

  // ---- where the code is -----------------------------------------------------------------------

  /** What {@link PointerFormat} has in the mode word; 0 if every instruction needs this here. */
  long modeBits() {
    if (!fast || trapLevel() != 0) {
      return 0;
    }
    int enabled = 0;
    for (int key = 0; key < ENABLES.length; key++) {
      enabled |= enabled(key) ? 1 << key : 0;
    }
    return format() | PointerFormat.inLine(enabled);
  }

  /** Where it is now, by TCR, which seldom changes. */
  private long format() {
    Regime regime = Regime.of(cpu.fetchMmuIndex());
    long tcr = state.get(ArmState.TCR, regime.level());
    if (formats[regime.ordinal()] == 0 || tcrs[regime.ordinal()] != tcr) {
      tcrs[regime.ordinal()] = tcr;
      formats[regime.ordinal()] = range(regime, tcr, false) | range(regime, tcr, true);
    }
    return formats[regime.ordinal()];
  }

  /** Bits 20 and 29 of a TCR are those of one range, 37 to 38 and 51 to 52 those of two. */
  private long range(Regime regime, long tcr, boolean upper) {
    int bottom = 64 - cpu.mmu().sizeOffset(regime, upper);
    int range = upper ? 1 : 0;
    boolean ignored = bit(tcr, regime.twoRanges() ? 37 + range : 20);
    boolean dataOnly = bit(tcr, regime.twoRanges() ? 51 + range : 29);
    return PointerFormat.range(upper, bottom, ignored, ignored && !dataOnly);
  }

  private static boolean bit(long value, int bit) {
    return (value >>> bit & 1) != 0;
  }

  // ---- codes -----------------------------------------------------------------------------------

  private long code(long data, long modifier, int key) {
    long low = state.get(ArmState.KEYS, 2 * key);
    long high = state.get(ArmState.KEYS, 2 * key + 1);
    return codes.code(data, modifier, high, low);
  }

  /** PACGA. */
  long generic(long value, long modifier) {
    return code(value, modifier, GA) & 0xffff_ffff_0000_0000L;
  }

  /** PACIA and the others like it. */
  long sign(long pointer, long modifier, int key) {
    long format = format();
    boolean data = PointerFormat.isForData(key);
    boolean upper = bit(pointer, PointerFormat.rangeBit(format, data));
    long original = original(pointer, PointerFormat.field(format, upper, data), upper);
    long code = code(original, modifier, key);
    if (original != pointer) {
      code ^= PointerFormat.spoilt(format, upper, data); // no code that fits
    }
    long bits = PointerFormat.code(format, upper, data);
    return (original & ~bits) | (code & bits);
  }

  /** The pointer without a code: XPACI and XPACD. */
  long strip(long pointer, boolean data) {
    boolean upper = bit(pointer, 55);
    return original(pointer, PointerFormat.field(format(), upper, data), upper);
  }

  private static long original(long pointer, long field, boolean upper) {
    return upper ? pointer | field : pointer & ~field;
  }

  /** AUTIA and the others like it: the pointer, or one that no access can use. */
  long authenticate(long pointer, long modifier, int key) {
    long format = format();
    boolean data = PointerFormat.isForData(key);
    boolean upper = bit(pointer, 55);
    long original = original(pointer, PointerFormat.field(format, upper, data), upper);
    long wrong =
        (code(original, modifier, key) ^ pointer) & PointerFormat.code(format, upper, data);
    if (wrong == 0) {
      return original;
    }
    long bits = PointerFormat.error(format, upper, data);
    return (original & ~bits) | PointerFormat.error(format, upper, key);
  }
}
