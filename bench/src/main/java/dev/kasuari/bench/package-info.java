/** Side-by-side runs of the same guests in Kasuari and its peers. */
@org.jspecify.annotations.NullMarked
package dev.kasuari.bench;
