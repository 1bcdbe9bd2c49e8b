/** Whole machines against real guests and peers. */
@NullMarked
package dev.kasuari.it;

import org.jspecify.annotations.NullMarked;
