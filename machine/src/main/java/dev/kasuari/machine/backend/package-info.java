/**
 * What stands behind devices: bytes of disks, characters, packets, pictures. Devices see these
 * interfaces; {@code block}, {@code chardev}, {@code net} and {@code ui} implement them.
 *
 * <p>Calls into a back end never block and are made under the machine's lock. Back ends call back
 * on any thread; devices enter the machine with {@link dev.kasuari.machine.Wiring#post}.
 */
package dev.kasuari.machine.backend;
