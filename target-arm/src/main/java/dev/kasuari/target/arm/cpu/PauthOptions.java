package dev.kasuari.target.arm.cpu;

/**
 * What properties of {@code -cpu max} say of pointer authentication; as in QEMU, what counts is
 * what they say together, not their order.
 *
 * @param pauth whether there is any
 */
record PauthOptions(boolean pauth, boolean implementationDefined, boolean qarma3, boolean qarma5) {
  /** What signs pointers. */
  enum Algorithm {
    NONE,
    QARMA5,
    QARMA3,
    IMPLEMENTATION_DEFINED
  }

  /** Without a word about it. */
  static final PauthOptions DEFAULT = new PauthOptions(true, false, false, false);

  /** Whether a property is one of these. */
  static boolean has(String property) {
    return switch (property) {
      case "pauth", "pauth-impdef", "pauth-qarma3", "pauth-qarma5" -> true;
      default -> false;
    };
  }

  /** The same with one of the properties changed. */
  PauthOptions with(String property, boolean on) {
    return switch (property) {
      case "pauth" -> new PauthOptions(on, implementationDefined, qarma3, qarma5);
      case "pauth-impdef" -> new PauthOptions(pauth, on, qarma3, qarma5);
      case "pauth-qarma3" -> new PauthOptions(pauth, implementationDefined, on, qarma5);
      case "pauth-qarma5" -> new PauthOptions(pauth, implementationDefined, qarma3, on);
      default -> throw new AssertionError(property);
    };
  }

  /**
   * What they ask for; by default the fast one, as QEMU's since 10.0.
   *
   * @throws IllegalArgumentException if they contradict each other; the message is for people
   */
  Algorithm algorithm() {
    int asked = (implementationDefined ? 1 : 0) + (qarma3 ? 1 : 0) + (qarma5 ? 1 : 0);
    if (!pauth && asked > 0) {
      throw new IllegalArgumentException(
          "cannot enable pauth-impdef, pauth-qarma3 or pauth-qarma5 without pauth");
    }
    if (asked > 1) {
      throw new IllegalArgumentException(
          "cannot enable pauth-impdef, pauth-qarma3 and pauth-qarma5 at the same time");
    }
    if (!pauth) {
      return Algorithm.NONE;
    }
    return qarma3 ? Algorithm.QARMA3 : qarma5 ? Algorithm.QARMA5 : Algorithm.IMPLEMENTATION_DEFINED;
  }
}
