package dev.kasuari.target.arm.cpu;

import dev.kasuari.target.arm.isa.A64Features;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * The fields of the ID registers, which of their values can be announced as there is what they
 * stand for, and the instructions that come with them. Source: DDI 0487, D19.2, ID_AA64*.
 */
final class Identification {
  /**
   * Lines are a register, the field's lowest bit, and what its values need, from 1 on: a feature of
   * instructions, or - for nothing that can be missing. {@code max=3} stands for three of those.
   * After {@code signed} they are from 0 on, and 15 is less than that. Fields that have no line
   * read as zero.
   */
  private static final String FIELDS =
      """
      id_aa64pfr0_el1   0 max=1
      id_aa64pfr0_el1   4 max=1
      id_aa64pfr0_el1   8 max=1
      id_aa64pfr0_el1  12 max=1
      id_aa64pfr0_el1  16 signed fp fp16
      id_aa64pfr0_el1  20 signed simd fp16
      id_aa64pfr0_el1  24 max=1
      id_aa64pfr0_el1  28 ras -
      id_aa64pfr0_el1  48 dit
      id_aa64pfr0_el1  56 max=2
      id_aa64pfr0_el1  60 max=1
      id_aa64pfr1_el1   0 bti
      id_aa64pfr1_el1   4 ssbs -
      id_aa64dfr0_el1   0 max=9
      id_aa64dfr0_el1   8 max=6
      id_aa64dfr0_el1  12 max=15
      id_aa64dfr0_el1  20 max=15
      id_aa64dfr0_el1  28 max=15
      id_aa64isar0_el1  4 aes pmull
      id_aa64isar0_el1  8 sha1
      id_aa64isar0_el1 12 sha256 sha512
      id_aa64isar0_el1 16 crc32
      id_aa64isar0_el1 20 - lse
      id_aa64isar0_el1 28 rdm
      id_aa64isar0_el1 32 sha3
      id_aa64isar0_el1 36 sm3
      id_aa64isar0_el1 40 sm4
      id_aa64isar0_el1 44 dotprod
      id_aa64isar0_el1 48 fhm
      id_aa64isar0_el1 52 flagm flagm2
      id_aa64isar0_el1 56 max=2
      id_aa64isar0_el1 60 max=1
      id_aa64isar1_el1  0 max=2
      id_aa64isar1_el1  4 pauth
      id_aa64isar1_el1  8 pauth
      id_aa64isar1_el1 12 jscvt
      id_aa64isar1_el1 16 fcma
      id_aa64isar1_el1 20 rcpc rcpc2
      id_aa64isar1_el1 24 pauth
      id_aa64isar1_el1 28 pauth
      id_aa64isar1_el1 32 frintts
      id_aa64isar1_el1 36 sb
      id_aa64isar1_el1 40 max=1
      id_aa64isar1_el1 44 bf16
      id_aa64isar1_el1 48 dgh
      id_aa64isar1_el1 52 i8mm
      id_aa64isar1_el1 56 xs
      id_aa64isar2_el1  0 - wfxt
      id_aa64isar2_el1  8 pauth
      id_aa64isar2_el1 12 pauth
      id_aa64mmfr0_el1  0 max=6
      id_aa64mmfr0_el1  4 max=2
      id_aa64mmfr0_el1  8 max=1
      id_aa64mmfr0_el1 12 max=1
      id_aa64mmfr0_el1 16 max=1
      id_aa64mmfr0_el1 20 max=2
      id_aa64mmfr0_el1 24 signed -
      id_aa64mmfr0_el1 28 signed - -
      id_aa64mmfr0_el1 32 max=3
      id_aa64mmfr0_el1 36 max=2
      id_aa64mmfr0_el1 40 max=3
      id_aa64mmfr1_el1  0 max=2
      id_aa64mmfr1_el1  4 max=2
      id_aa64mmfr1_el1  8 max=1
      id_aa64mmfr1_el1 12 max=2
      id_aa64mmfr1_el1 16 lor
      id_aa64mmfr1_el1 20 pan - -
      id_aa64mmfr1_el1 28 max=1
      id_aa64mmfr1_el1 36 max=1
      id_aa64mmfr1_el1 40 max=1
      id_aa64mmfr2_el1  0 max=1
      id_aa64mmfr2_el1  4 uao
      id_aa64mmfr2_el1 12 max=1
      id_aa64mmfr2_el1 16 max=1
      id_aa64mmfr2_el1 28 max=1
      id_aa64mmfr2_el1 32 lse2
      id_aa64mmfr2_el1 36 max=1
      id_aa64mmfr2_el1 40 max=1
      id_aa64mmfr2_el1 48 max=1
      id_aa64mmfr2_el1 52 max=2
      id_aa64mmfr2_el1 60 max=1
      """;

  private static final int SIGN = 8;

  /**
   * A field.
   *
   * @param first the value that the first of {@code needs} is about
   */
  private record Field(String register, int shift, int first, List<Long> needs) {
    int value(long bits) {
      int value = (int) (bits >>> shift) & 15;
      return first == 0 && value >= SIGN ? -1 : value;
    }

    /** The greatest value that is not above {@code wanted} and needs nothing that is not there. */
    int announced(int wanted) {
      int value = first - 1;
      while (value < wanted && value - first + 1 < needs.size()) {
        if ((needs.get(value - first + 1) & A64Features.LATER) != 0) {
          break;
        }
        value++;
      }
      return value;
    }

    long features(int value) {
      long bits = 0;
      for (int i = 0; i < needs.size() && i + first <= value; i++) {
        bits |= needs.get(i);
      }
      return bits;
    }
  }

  private static final List<Field> ALL = FIELDS.lines().map(Identification::field).toList();

  private Identification() {}

  private static Field field(String line) {
    String[] words = line.split(" +", -1);
    boolean signed = words[2].equals("signed");
    var needs = new ArrayList<Long>();
    for (int i = signed ? 3 : 2; i < words.length; i++) {
      needs(words[i], needs);
    }
    return new Field(words[0], Integer.parseInt(words[1]), signed ? 0 : 1, List.copyOf(needs));
  }

  private static void needs(String word, List<Long> needs) {
    if (word.startsWith("max=")) {
      for (int i = Integer.parseInt(word.substring(4)); i > 0; i--) {
        needs.add(0L);
      }
      return;
    }
    long feature = A64Features.bit(word);
    if (feature == 0 && !word.equals("-")) {
      throw new IllegalArgumentException("no feature " + word);
    }
    needs.add(feature);
  }

  /** Whether the value above a field's needs instructions that are not there yet. */
  static boolean later(String register, int shift, long bits) {
    for (Field field : ALL) {
      int next = field.value(bits) + 1 - field.first;
      if (field.register.equals(register) && field.shift == shift && next < field.needs.size()) {
        return (field.needs.get(next) & A64Features.LATER) != 0;
      }
    }
    return false;
  }

  /** True for registers of which every field has a line or is zero. */
  static boolean knows(String register) {
    return register.startsWith("id_aa64");
  }

  /** What can be announced of what a model wants; other registers stay as they are. */
  static Map<String, Long> announced(Map<String, Long> wanted) {
    var registers = new HashMap<String, Long>();
    wanted.forEach((name, value) -> registers.put(name, knows(name) ? 0 : value));
    for (Field field : ALL) {
      long bits = wanted.getOrDefault(field.register, 0L);
      long value = field.announced(field.value(bits)) & 15;
      registers.merge(field.register, value << field.shift, (a, b) -> a | b);
    }
    return Map.copyOf(registers);
  }

  /** The {@link A64Features} of what registers say. */
  static long features(Map<String, Long> registers) {
    long features = 0;
    for (Field field : ALL) {
      features |= field.features(field.value(registers.getOrDefault(field.register, 0L)));
    }
    return features;
  }
}
