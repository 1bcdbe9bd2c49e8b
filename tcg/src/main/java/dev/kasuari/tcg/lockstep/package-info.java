/**
 * Two back ends side by side on one guest: every unit is run by both from the same state, and the
 * first difference ends the machine with a report.
 */
@NullMarked
package dev.kasuari.tcg.lockstep;

import org.jspecify.annotations.NullMarked;
