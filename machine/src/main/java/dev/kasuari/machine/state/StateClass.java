package dev.kasuari.machine.state;

import java.lang.annotation.Documented;
import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

/**
 * A final class whose fields are state. Only needed where the class is used by devices of other
 * packages, or has a version; the state class of a device and what is nested in it are found
 * without.
 *
 * <p>Fields are primitives, arrays of them, {@link String}s, enums, other state classes, and arrays
 * or {@link java.util.List}s of these, {@link Long} or {@link Integer}; what they are initialised
 * with is their reset value and what they get when an older version did not have them.
 */
@Documented
@Retention(RetentionPolicy.CLASS)
@Target(ElementType.TYPE)
public @interface StateClass {
  /** Counts changes of meaning; adding a field is none. */
  int version() default 1;
}
