package dev.kasuari.decode;

/** Writes the class with the feature bits. */
final class FeaturesSource {
  private FeaturesSource() {}

  static String of(Isa isa) {
    var code =
        Generated.open(
            isa,
            "java.util.List",
            "The features and modes that instruction patterns depend on: bits of a {@code long}.",
            "public final class %sFeatures".formatted(isa.name()));
    for (int i = 0; i < isa.features().size(); i++) {
      var f = isa.features().get(i);
      code.line("/** %s. */", Code.comment(f.description()));
      code.line("public static final long %s = 1L << %d;", Names.constant(f.name()), i);
      code.line("");
    }
    code.line("/** What translators may leave out, so that no CPU should have it. */");
    code.line("public static final long LATER = 0x%xL;", later(isa));
    code.line("");
    code.line("private static final List<String> NAMES =");
    code.line(
        "    List.of(%s);",
        String.join(", ", isa.features().stream().map(f -> Code.quote(f.name())).toList()));
    return code.block(
            """

            private %1$sFeatures() {}

            /** All names; a name's position is its bit number. */
            public static List<String> names() {
              return NAMES;
            }

            /** The bit of a feature, or 0 if there is none of this name. */
            public static long bit(String name) {
              int i = NAMES.indexOf(name);
              return i < 0 ? 0 : 1L << i;
            }

            /** The names of the features in a set, separated by spaces. */
            public static String toString(long features) {
              var s = new StringBuilder();
              for (int i = 0; i < NAMES.size(); i++) {
                if ((features >>> i & 1) != 0) {
                  s.append(s.isEmpty() ? "" : " ").append(NAMES.get(i));
                }
              }
              return s.toString();
            }
            """
                .formatted(isa.name()))
        .line("}")
        .toString();
  }

  private static long later(Isa isa) {
    long bits = 0;
    for (int i = 0; i < isa.features().size(); i++) {
      bits |= isa.features().get(i).later() ? 1L << i : 0;
    }
    return bits;
  }
}
