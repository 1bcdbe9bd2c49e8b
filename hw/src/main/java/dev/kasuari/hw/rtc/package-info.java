/** Clocks that know the date. */
package dev.kasuari.hw.rtc;
