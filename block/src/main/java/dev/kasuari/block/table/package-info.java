/** Images that say in tables where the blocks of a disk are: what most formats have in common. */
package dev.kasuari.block.table;
