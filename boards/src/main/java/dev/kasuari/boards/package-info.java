/** Machine types ({@code -M}): which parts are where, what is wired to what, and how they start. */
@NullMarked
package dev.kasuari.boards;

import org.jspecify.annotations.NullMarked;
