/** Devices of no larger family. */
package dev.kasuari.hw.misc;
