/** Tools for disk images side by side: the same commands on the same images, by turns. */
@NullMarked
package dev.kasuari.bench.images;

import org.jspecify.annotations.NullMarked;
