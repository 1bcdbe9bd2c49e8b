package dev.kasuari.target.riscv.translate;

import dev.kasuari.target.riscv.asm.Reg;
import dev.kasuari.target.riscv.isa.RiscvEncoder;
import dev.kasuari.target.riscv.isa.RiscvGenerator;
import dev.kasuari.target.riscv.isa.RiscvPatterns;
import java.util.List;
import java.util.SplittableRandom;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * An instruction that accesses memory at the address in {@code s0}, which {@code sp} holds as well:
 * loads to {@code x9} or {@code f9}, stores from {@code x10} or {@code f10}.
 *
 * @param name as the patterns have it; a pair of LR and SC is {@code lr.w+sc.w}
 * @param kind what it needs of a page
 * @param size bytes accessed
 * @param instructions its encodings, only one but for the pair
 */
record AccessForm(String name, Kind kind, int size, List<Integer> instructions) {
  static final int RESULT = 9;
  static final int VALUE = 10;

  /** What a form needs of a page, and which exceptions it has. */
  enum Kind {
    LOAD,
    STORE,
    RESERVE,
    /** A store-conditional without a reservation. */
    FAIL,
    /** A load-reserved and the store-conditional to the same place. */
    PAIR,
    ATOMIC,
    ZERO,
    /** Management of cache blocks, which needs that a page can be accessed in any way. */
    MANAGE,
    HINT
  }

  private static final Pattern MEMORY =
      Pattern.compile("(c\\.)?f?[ls][bhwd]u?(sp)?|amo.*\\.[wd]|lr\\..*|sc\\..*|cbo.*|prefetch.*");

  /** All there are with these features, but for pairs of registers. */
  static List<AccessForm> all(long features) {
    Stream<AccessForm> single =
        Stream.iterate(0, i -> i < RiscvPatterns.COUNT, i -> i + 1)
            .filter(i -> RiscvPatterns.available(i, features))
            .filter(i -> MEMORY.matcher(RiscvPatterns.name(i)).matches())
            .map(i -> of(i, features));
    Stream<AccessForm> pairs =
        Stream.of(
            pair("lr.w+sc.w", 4, RiscvEncoder.lrW(5, 8, 0), RiscvEncoder.scW(RESULT, 8, VALUE, 0)),
            pair("lr.d+sc.d", 8, RiscvEncoder.lrD(5, 8, 0), RiscvEncoder.scD(RESULT, 8, VALUE, 0)));
    return Stream.concat(single, pairs).toList();
  }

  private static AccessForm pair(String name, int size, int first, int second) {
    return new AccessForm(name, Kind.PAIR, size, List.of(first, second));
  }

  private static AccessForm of(int pattern, long features) {
    String name = RiscvPatterns.name(pattern);
    var generator =
        new RiscvGenerator(
            new SplittableRandom(0),
            features,
            i -> i == pattern,
            (i, operand, random) ->
                switch (operand.name()) {
                  case "rs1" -> Reg.S0;
                  case "rd" -> RESULT;
                  case "rs2" -> VALUE;
                  default -> 0;
                });
    return new AccessForm(name, kind(name), size(name), List.of(generator.encode(pattern)));
  }

  private static Kind kind(String name) {
    String bare = name.replaceFirst("^c\\.", "").replaceFirst("^f", "");
    if (name.startsWith("lr.")) {
      return Kind.RESERVE;
    }
    if (name.startsWith("sc.")) {
      return Kind.FAIL;
    }
    return switch (bare.charAt(0)) {
      case 'l' -> Kind.LOAD;
      case 's' -> Kind.STORE;
      case 'a' -> Kind.ATOMIC;
      case 'p' -> Kind.HINT;
      default -> name.equals("cbo.zero") ? Kind.ZERO : Kind.MANAGE;
    };
  }

  private static int size(String name) {
    if (name.startsWith("cbo") || name.startsWith("prefetch")) {
      return 64;
    }
    String bare = name.replaceFirst("^c\\.", "").replaceFirst("^f", "");
    boolean suffix = bare.contains(".");
    char width = suffix ? bare.charAt(bare.indexOf('.') + 1) : bare.charAt(1);
    return 1 << "bhwd".indexOf(width);
  }

  boolean floating() {
    return name.matches("(c\\.)?f.*");
  }

  /** What a register holds after a load of bytes, of which {@code bits} has the first lowest. */
  long loaded(long bits) {
    int unused = 64 - 8 * size;
    long low = bits << unused >>> unused;
    if (floating()) {
      return unused == 0 ? low : low | -1L << (8 * size);
    }
    return name.endsWith("u") ? low : low << unused >> unused;
  }

  /** Atomics are aligned, or an exception. */
  boolean mustAlign() {
    return kind == Kind.RESERVE || kind == Kind.FAIL || kind == Kind.PAIR || kind == Kind.ATOMIC;
  }

  @Override
  public String toString() {
    return name;
  }
}
