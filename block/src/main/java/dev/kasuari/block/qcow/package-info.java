/** QEMU's copy on write, the first version. */
package dev.kasuari.block.qcow;
