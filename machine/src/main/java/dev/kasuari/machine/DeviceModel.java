package dev.kasuari.machine;

import java.lang.annotation.Documented;
import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

/**
 * Registers a {@link Device} under its name. From the class, its {@code Props} record and its
 * {@code State} class a {@link DeviceType} is generated beside it ({@code GoldfishRtcType.TYPE} for
 * {@code GoldfishRtc}); the first sentence of its Javadoc is what {@code -device help} says.
 */
@Documented
@Retention(RetentionPolicy.CLASS)
@Target(ElementType.TYPE)
public @interface DeviceModel {
  /** What {@code -device} calls it. */
  String name();

  /** The kind of bus it sits on. */
  Class<? extends Bus> bus();
}
