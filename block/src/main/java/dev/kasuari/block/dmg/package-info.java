/** Apple's disk images, to be read. */
package dev.kasuari.block.dmg;
