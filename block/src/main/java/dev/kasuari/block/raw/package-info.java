/** Images whose bytes are the disk's. */
package dev.kasuari.block.raw;
