/** QEMU's enhanced disk. */
package dev.kasuari.block.qed;
