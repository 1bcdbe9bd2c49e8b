/**
 * Reads instruction patterns and writes Java.
 *
 * <p>The way through: {@code Line} cuts files into tokens, {@code Parser}, {@code Declarations} and
 * {@code PatternLine} make an {@code Isa} of them, {@code Checks} refuses overlaps, {@code
 * Coverage} counts what is left unallocated, and {@code Generated} writes one class after the
 * other. The language is described in the module's README.
 *
 * <p>A decoder sees a window of at most 64 bits with the first code unit lowest, so it serves fixed
 * lengths, parcels and byte streams alike; see the README's "Units, bytes and long instructions"
 * for what a variable-length set such as x86 does around it.
 */
package dev.kasuari.decode;
