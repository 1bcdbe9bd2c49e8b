/**
 * The interpreter: runs unoptimised IR. It is the floor that every host has, and the oracle against
 * which optimiser and emitters are checked.
 */
@NullMarked
package dev.kasuari.tcg.interp;

import org.jspecify.annotations.NullMarked;
