/** Which parts of a node have been written since when: dirty bitmaps. */
package dev.kasuari.block.bitmap;
