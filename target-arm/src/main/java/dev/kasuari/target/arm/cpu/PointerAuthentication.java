package dev.kasuari.target.arm.cpu;

import dev.kasuari.machine.cpu.GuestState;
import dev.kasuari.target.arm.cpu.SystemRegister.Guard;
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

  private static final long BIT_55 = 1L << 55;

  private final ArmCpu cpu;
  private final GuestState state;
  private final Traps traps;
  private final PointerCode codes;

  PointerAuthentication(ArmCpu cpu, Traps traps) {
    this.cpu = cpu;
    this.state = cpu.state();
    this.traps = traps;
    this.codes = PointerCode.of(cpu.model());
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

  private Regime regime() {
    return Regime.of(cpu.fetchMmuIndex());
  }

  private long tcr() {
    return state.get(ArmState.TCR, regime().level());
  }

  private boolean bit(int bit) {
    return (tcr() >>> bit & 1) != 0;
  }

  /** Whether the top byte of a pointer to data, or to instructions, is ignored. */
  private boolean tagged(boolean upper, boolean data) {
    if (!regime().twoRanges()) {
      return bit(20) && (data || !bit(29));
    }
    int range = upper ? 1 : 0;
    return bit(37 + range) && (data || !bit(51 + range));
  }

  /** The lowest bit that is not part of an address. */
  private int bottom(boolean upper) {
    return 64 - cpu.mmu().sizeOffset(regime(), upper);
  }

  private static long below(int bit) {
    return (1L << bit) - 1;
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
    boolean data = key >= DA;
    boolean tagged = tagged((pointer & BIT_55) != 0, data);
    boolean upper = upperOf(pointer, data, tagged);
    long mask = field(upper, tagged);
    long original = upper ? pointer | mask : pointer & ~mask;
    long code = code(original, modifier, key);
    if ((pointer & mask) != 0 && (pointer & mask) != mask) {
      code ^= 1L << (tagged ? 54 : 62); // what was no address makes no code that fits
    }
    long kept = pointer & ~mask;
    return kept | (code & mask & ~BIT_55) | (upper ? BIT_55 : 0);
  }

  /** Which range the pointer will be in: bit 55 if its top byte may be anything, otherwise 63. */
  private boolean upperOf(long pointer, boolean data, boolean tagged) {
    boolean any = tagged;
    if (regime().twoRanges()) {
      any = tagged(false, data) || tagged(true, data);
    }
    return (pointer >>> (any ? 55 : 63) & 1) != 0;
  }

  /** The pointer without a code: XPACI and XPACD. */
  long strip(long pointer, boolean data) {
    boolean upper = (pointer & BIT_55) != 0;
    long mask = field(upper, tagged(upper, data));
    return upper ? pointer | mask : pointer & ~mask;
  }

  private long field(boolean upper, boolean tagged) {
    return -(1L << bottom(upper)) & (tagged ? below(56) : -1L);
  }

  /** AUTIA and the others like it: the pointer, or one that no access can use. */
  long authenticate(long pointer, long modifier, int key) {
    boolean data = key >= DA;
    boolean upper = (pointer & BIT_55) != 0;
    boolean tagged = tagged(upper, data);
    long mask = field(upper, tagged);
    long original = upper ? pointer | mask : pointer & ~mask;
    long wrong = (code(original, modifier, key) ^ pointer) & mask & ~BIT_55;
    if (wrong == 0) {
      return original;
    }
    int at = tagged ? 53 : 61;
    long error = (key & 1) == 0 ? 1 : 2;
    return (original & ~(3L << at)) | error << at;
  }
}
