/**
 * What a CPU is to the rest of the machine: registers in a byte-addressed struct, interrupt inputs,
 * address translation, and the thread that runs it. Knows no instruction set and no accelerator.
 */
@NullMarked
package dev.kasuari.machine.cpu;

import org.jspecify.annotations.NullMarked;
