/** General-purpose inputs and outputs, and what is at their other ends. */
package dev.kasuari.hw.gpio;
