package dev.kasuari.machine;

import java.lang.annotation.Documented;
import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

/**
 * On a package: generates there a {@link DeviceSet} of all {@link DeviceModel}s of the module,
 * which its {@code module-info} provides.
 */
@Documented
@Retention(RetentionPolicy.CLASS)
@Target(ElementType.PACKAGE)
public @interface DeviceRegistry {
  /** The simple name of the generated class. */
  String value();
}
