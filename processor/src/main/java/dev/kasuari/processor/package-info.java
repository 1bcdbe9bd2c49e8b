/**
 * The annotation processor: from {@code @Options} records their codecs, from {@code @DeviceModel}
 * classes a device type with the codecs of its properties and state, and for each package marked
 * {@code @DeviceRegistry} the list of a module's devices. It knows the annotations and classes that
 * it generates for by name only.
 */
package dev.kasuari.processor;
