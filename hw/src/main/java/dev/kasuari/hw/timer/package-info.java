/** Timers and counters. */
package dev.kasuari.hw.timer;
