/** Virtual hard disks of Hyper-V, version 2. */
package dev.kasuari.block.vhdx;
