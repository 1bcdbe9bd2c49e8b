package dev.kasuari.decode;

/** Writes the random-instruction generator. */
final class GeneratorSource {
  private GeneratorSource() {}

  static String of(Isa isa) {
    var code =
        Generated.open(
            isa,
            """
            java.util.ArrayList
            java.util.List
            java.util.function.IntPredicate
            java.util.random.RandomGenerator\
            """,
            "Makes random instructions that decode with given features.",
            "public final class %sGenerator".formatted(isa.name()));
    return code.block(body().formatted(isa.name(), isa.type(), start(isa))).line("}").toString();
  }

  private static String start(Isa isa) {
    String bits = "row.value() | (random.nextLong() & row.ignored())";
    return isa.type().equals("int") ? "(int) (" + bits + ")" : bits;
  }

  private static String body() {
    return """
    /** More tries than any pattern's own conditions need. */
    private static final int TRIES = 100_000;

    /** Chooses the values of operands. */
    @FunctionalInterface
    public interface Chooser {
      /**
       * Any value of the operand that lies in its range and is a multiple of its step; values that a
       * pattern's conditions refuse are asked for again.
       */
      long choose(int pattern, %1$sPatterns.Operand operand, RandomGenerator random);
    }

    private final RandomGenerator random;
    private final long features;
    private final List<Integer> patterns = new ArrayList<>();
    private final Chooser chooser;

    /**
     * Makes a generator.
     *
     * @param features bits of {@link %1$sFeatures}
     * @param filter which pattern numbers are wanted, of those that the features allow
     * @param chooser what operands are like
     * @throws IllegalArgumentException if no pattern is left
     */
    public %1$sGenerator(
        RandomGenerator random, long features, IntPredicate filter, Chooser chooser) {
      this.random = random;
      this.features = features;
      this.chooser = chooser;
      for (int i = 0; i < %1$sPatterns.COUNT; i++) {
        if (%1$sPatterns.available(i, features) && filter.test(i)) {
          patterns.add(i);
        }
      }
      if (patterns.isEmpty()) {
        throw new IllegalArgumentException(
            "no pattern is left with the features " + %1$sFeatures.toString(features));
      }
    }

    /** Makes a generator of all patterns, where every operand's value is as likely as another. */
    public %1$sGenerator(RandomGenerator random, long features) {
      this(random, features, pattern -> true, %1$sGenerator::uniform);
    }

    /** Any value, each as likely as another. */
    public static long uniform(
        int pattern, %1$sPatterns.Operand operand, RandomGenerator random) {
      long last = (operand.max() - operand.min()) / operand.step();
      long index = last == -1 ? random.nextLong() : random.nextLong(last + 1);
      return operand.min() + index * operand.step();
    }

    /** The numbers of the patterns that may come. */
    public List<Integer> patterns() {
      return List.copyOf(patterns);
    }

    /** The number of some pattern; pass it to {@link #encode}. */
    public int pattern() {
      return patterns.get(random.nextInt(patterns.size()));
    }

    /**
     * The bits of an instruction of the given pattern.
     *
     * @throws IllegalArgumentException if the chooser gives a value out of range
     * @throws IllegalStateException if the chooser gives only values that the pattern's conditions refuse
     */
    public %2$s encode(int pattern) {
      var row = %1$sPatterns.row(pattern);
      for (int i = 0; i < TRIES; i++) {
        %2$s insn = %3$s;
        for (var operand : row.operands()) {
          insn |= %1$sFields.put(operand.field(), value(pattern, operand));
        }
        if (%1$sDecoder.match(insn, features) == pattern) {
          return insn;
        }
      }
      throw new IllegalStateException("no operands were found that make a valid " + row.name());
    }

    private long value(int pattern, %1$sPatterns.Operand operand) {
      long value = chooser.choose(pattern, operand, random);
      if (value < operand.min()
          || value > operand.max()
          || (value - operand.min()) %% operand.step() != 0) {
        throw new IllegalArgumentException(
            %1$sPatterns.name(pattern) + ": " + value + " is no value of " + operand);
      }
      return value;
    }
    """;
  }
}
