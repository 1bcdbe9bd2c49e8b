/** How people operate machines from a shell. */
@NullMarked
package dev.kasuari.cli;

import org.jspecify.annotations.NullMarked;
