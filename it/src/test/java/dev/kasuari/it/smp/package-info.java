/** Guests with several harts, which look for what only those can see. */
@NullMarked
package dev.kasuari.it.smp;

import org.jspecify.annotations.NullMarked;
