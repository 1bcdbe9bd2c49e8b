/**
 * Dynamic translation: the vCPU loop, the soft MMU, the code cache, and what instruction sets and
 * back ends implement to take part.
 */
@NullMarked
package dev.kasuari.tcg;

import org.jspecify.annotations.NullMarked;
