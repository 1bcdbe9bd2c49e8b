package dev.kasuari.target.arm.translate;

import dev.kasuari.target.arm.isa.A64Encoder;
import java.util.SplittableRandom;

/** Instructions of pointer authentication over random keys, pointers and translation controls. */
final class PointerCases {
  private static final String[] KEYS = {"apia", "apib", "apda", "apdb", "apga"};

  private PointerCases() {}

  private static SystemCase instruction(SplittableRandom random) {
    int key = random.nextInt(4);
    int rd = random.nextInt(4);
    int rn = random.nextInt(4);
    return switch (random.nextInt(8)) {
      case 0 ->
          random.nextInt(4) == 0
              ? new SystemCase("ereta", A64Encoder.ereta(key & 1))
              : new SystemCase("pac", A64Encoder.pac(key, rn, rd));
      case 1 -> new SystemCase("pac", A64Encoder.pac(key, rn, rd));
      case 2 -> new SystemCase("aut", A64Encoder.aut(key, rn, rd));
      case 3 -> new SystemCase("pacz", A64Encoder.pacz(key, rd));
      case 4 -> new SystemCase("autz", A64Encoder.autz(key, rd));
      case 5 -> new SystemCase("pacga", A64Encoder.pacga(rn, random.nextInt(4), rd));
      case 6 ->
          random.nextBoolean()
              ? new SystemCase("xpaci", A64Encoder.xpaci(rd))
              : new SystemCase("xpacd", A64Encoder.xpacd(rd));
      default ->
          random.nextBoolean()
              ? new SystemCase("paciasp", A64Encoder.pacspLr(key & 1))
              : new SystemCase("autiaz", A64Encoder.autzLr(key & 1));
    };
  }

  /**
   * A size for each range, granules, and whether tops of pointers are ignored, which is the same
   * for both: where it is not, QEMU 7.2 asks bit 63 in which range a pointer is.
   */
  private static long twoRanges(SplittableRandom random) {
    long sizes = (16 + random.nextInt(24)) | (16L + random.nextInt(24)) << 16;
    long granules = (long) random.nextInt(3) << 14 | (1L + random.nextInt(3)) << 30;
    long ignored = random.nextBoolean() ? 3L << 37 : 0;
    return sizes | granules | ignored | (random.nextBoolean() ? 3L << 51 : 0);
  }

  private static long oneRange(SplittableRandom random) {
    return (16 + random.nextInt(24))
        | (long) random.nextInt(3) << 14
        | SystemQemuTest.bits(random, 1 << 20 | 1 << 29, 2);
  }

  static SystemCase make(SplittableRandom random) {
    SystemCase one = instruction(random);
    var r = one.registers;
    one.state = SystemQemuTest.state(random) | 0x3c0;
    while (one.level() == 3 && one.name.equals("ereta")) {
      one.state = SystemQemuTest.state(random) | 0x3c0;
    }
    for (int level = 1; level <= 2; level++) {
      r.put("elr_el" + level, SystemProgram.START + 0x10000); // signed by chance only
      r.put("spsr_el" + level, SystemQemuTest.state(random) | 0x3c0);
    }
    for (String key : KEYS) {
      r.put(key + "keylo_el1", random.nextLong());
      r.put(key + "keyhi_el1", random.nextLong());
    }
    boolean rarely = random.nextInt(4) == 0;
    long host = random.nextInt(3) == 0 ? 1L << 34 | random.nextInt(2) << 27 : 0;
    long hcr = rarely ? SystemQemuTest.bits(random, 3L << 40, 2) : 3L << 40;
    r.put("hcr_el2", 1L << 31 | hcr | host);
    long scr = rarely ? SystemQemuTest.bits(random, 3 << 16, 2) : 3 << 16;
    r.put("scr_el3", 1 << 10 | 0x131 | scr);
    long enables = 1L << 31 | 1 << 30 | 1 << 27 | 1 << 13;
    for (int level = 1; level <= 3; level++) {
      long enabled = random.nextInt(3) == 0 ? SystemQemuTest.bits(random, enables, 2) : enables;
      enabled |= enabled == 0 ? 1 << 13 : 0; // without any QEMU 7.2 strips nothing
      r.put("sctlr_el" + level, 0x2000_0800L | enabled);
    }
    r.put("tcr_el1", twoRanges(random));
    r.put("tcr_el2", host != 0 ? twoRanges(random) : oneRange(random));
    r.put("cptr_el2", 0x33ffL);
    if (one.name.equals("ereta")) {
      // What is left of an address without its code is not in QEMU's flash.
      r.merge("tcr_el1", 20L, (tcr, size) -> (tcr & ~0x3fL) | size);
      r.merge("tcr_el2", 20L, (tcr, size) -> (tcr & ~0x3fL) | size);
    }
    for (int i = 0; i < SystemCase.OPERANDS; i++) {
      // Bits 63 and 55 are the same, or QEMU 7.2 takes the size of the other range.
      long pointer = pointer(random);
      one.operands[i] = (pointer & ~(1L << 63)) | ((pointer << 8) & (1L << 63));
    }
    return one;
  }

  private static long pointer(SplittableRandom random) {
    long address = random.nextLong() >>> (16 + random.nextInt(24));
    return switch (random.nextInt(4)) {
      case 0 -> random.nextLong();
      case 1 -> address;
      case 2 -> ~address;
      default -> address | (long) random.nextInt(256) << 56;
    };
  }
}
