/** What the vector operations of the IR compute: the reference of every back end. */
@NullMarked
package dev.kasuari.tcg.vector;

import org.jspecify.annotations.NullMarked;
