/** Virtual time, timers and dates. Nothing else in a machine reads the host's clocks. */
package dev.kasuari.machine.time;
