/** A folder of the host as a disk with a FAT file system. */
package dev.kasuari.block.vvfat;
