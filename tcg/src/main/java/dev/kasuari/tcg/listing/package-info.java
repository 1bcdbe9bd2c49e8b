/** For those who look at translation: listings of emitted code, dumps of units, perf's map. */
@NullMarked
package dev.kasuari.tcg.listing;

import org.jspecify.annotations.NullMarked;
