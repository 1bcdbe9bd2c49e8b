/** Interrupt controllers, as far as they are no part of a CPU. */
package dev.kasuari.hw.intc;
