/** Compressed loop images, to be read. */
package dev.kasuari.block.cloop;
