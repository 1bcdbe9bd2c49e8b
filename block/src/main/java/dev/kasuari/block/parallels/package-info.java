/** Images of Parallels Desktop. */
package dev.kasuari.block.parallels;
