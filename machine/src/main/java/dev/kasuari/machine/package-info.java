/**
 * A machine, its life and what its parts are made of.
 *
 * <p>{@link dev.kasuari.machine.Machine} owns a lock, a clock, an event loop and memory. CPUs and
 * devices meet at {@link dev.kasuari.machine.IrqLine}s and in an {@link
 * dev.kasuari.machine.memory.AddressSpace}, and know nothing else of each other.
 */
package dev.kasuari.machine;
