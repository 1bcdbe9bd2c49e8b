package dev.kasuari.block;

import java.util.EnumSet;
import java.util.Set;

/**
 * A way to use a node. Each user of a node takes some and shares some: others may take those that
 * all share. Images in files are locked by the same scheme, so that programs respect each other;
 * the order of the constants is that of the locked bytes.
 */
public enum Permission {
  /** What is read is what was written last. */
  CONSISTENT_READ("consistent read"),
  /** Any write. */
  WRITE("write"),
  /** Writes that change nothing a reader sees, such as copying from a backing file. */
  WRITE_UNCHANGED("write unchanged"),
  /** The size may change. */
  RESIZE("resize");

  private final String words;

  Permission(String words) {
    this.words = words;
  }

  /** As messages have it. */
  public String words() {
    return words;
  }

  /** None. */
  public static Set<Permission> none() {
    return EnumSet.noneOf(Permission.class);
  }

  /** All. */
  public static Set<Permission> all() {
    return EnumSet.allOf(Permission.class);
  }

  /** These. */
  public static Set<Permission> of(Permission first, Permission... more) {
    return EnumSet.of(first, more);
  }
}
