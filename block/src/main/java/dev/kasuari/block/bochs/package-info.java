/** The Bochs emulator's growing images, to be read. */
package dev.kasuari.block.bochs;
