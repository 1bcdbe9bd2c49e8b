package dev.kasuari.decode;

import java.util.Locale;
import javax.lang.model.SourceVersion;

/** Pattern-file names as Java names. */
final class Names {
  private Names() {}

  /** {@code fcvt.w.s} becomes {@code fcvtWS}; a Java keyword gets a trailing underscore. */
  static String method(String name) {
    var s = new StringBuilder();
    boolean upper = false;
    for (int i = 0; i < name.length(); i++) {
      char c = name.charAt(i);
      if (c == '.' || c == '_' || c == '-') {
        upper = true;
      } else {
        s.append(upper ? Character.toUpperCase(c) : c);
        upper = false;
      }
    }
    return SourceVersion.isKeyword(s) ? s + "_" : s.toString();
  }

  /** {@code fcvt.w.s} becomes {@code FCVT_W_S}. */
  static String constant(String name) {
    return name.toUpperCase(Locale.ROOT).replace('.', '_').replace('-', '_');
  }
}
