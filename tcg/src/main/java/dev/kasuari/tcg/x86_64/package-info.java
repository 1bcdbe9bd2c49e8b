/**
 * Machine code for x86-64 hosts: IR in, instructions out, entered and left through one downcall and
 * an exit record. A spike so far: it is chosen by name only, values live in registers within a
 * block and in memory between blocks, units are not chained, and what it has no code for is
 * interpreted.
 */
@NullMarked
package dev.kasuari.tcg.x86_64;

import org.jspecify.annotations.NullMarked;
