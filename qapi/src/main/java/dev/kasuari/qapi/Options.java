package dev.kasuari.qapi;

import java.lang.annotation.Documented;
import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

/**
 * Declares options, arguments or results: a record whose components are named, typed values, or a
 * sealed interface whose permitted records are the branches of a union. A class {@code NAMECodec}
 * beside it is generated, with a constant {@code CODEC}.
 *
 * <p>A component's option is its name with hyphens ({@code bootIndex} is {@code boot-index}) unless
 * {@link Name} says otherwise; its text comes from {@link Doc} or the record's {@code @param}.
 * Components with {@link Default} or that are {@code @Nullable} may be left out. Types: {@code
 * boolean}, {@code int}, {@code long}, {@code double}, {@link String}, {@link Size} {@code long},
 * enums, other {@code @Options} types, {@code List}s of these, {@link Json}; any other type is a
 * reference, written as the id of such an object and found by {@link References}.
 */
@Documented
@Retention(RetentionPolicy.CLASS)
@Target(ElementType.TYPE)
public @interface Options {
  /** The key that a first value without a key has: {@code driver} in {@code -device NAME,...}. */
  String implied() default "";

  /** For a sealed interface: the option that names the branch. */
  String discriminator() default "";

  /**
   * For a branch of a union: the discriminator's value; the record's name with hyphens if empty.
   */
  String branch() default "";

  /** The name of an option, or of an enum's word, where it is not the Java name with hyphens. */
  @Documented
  @Retention(RetentionPolicy.CLASS)
  @Target({ElementType.RECORD_COMPONENT, ElementType.FIELD})
  @interface Name {
    /** As it is written. */
    String value();
  }

  /** A line for help texts and the schema. */
  @Documented
  @Retention(RetentionPolicy.CLASS)
  @Target({ElementType.RECORD_COMPONENT, ElementType.TYPE, ElementType.FIELD})
  @interface Doc {
    /** The line. */
    String value();
  }

  /** What an option is where it is left out; written as a user would. */
  @Documented
  @Retention(RetentionPolicy.CLASS)
  @Target(ElementType.RECORD_COMPONENT)
  @interface Default {
    /** As a user would write it. */
    String value();
  }

  /** A {@code long} in bytes, written {@code 512}, {@code 64K}, {@code 1.5G}. */
  @Documented
  @Retention(RetentionPolicy.CLASS)
  @Target(ElementType.RECORD_COMPONENT)
  @interface Size {
    /** What a number without a suffix counts: {@code B}, {@code K}, {@code M} … */
    char unit() default 'B';
  }

  /** The range of a number. */
  @Documented
  @Retention(RetentionPolicy.CLASS)
  @Target(ElementType.RECORD_COMPONENT)
  @interface Range {
    /** The least value. */
    long min() default Long.MIN_VALUE;

    /** The greatest value. */
    long max() default Long.MAX_VALUE;
  }
}
