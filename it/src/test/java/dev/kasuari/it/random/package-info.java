/** Random guests: whatever they do, every back end does the same. */
@NullMarked
package dev.kasuari.it.random;

import org.jspecify.annotations.NullMarked;
