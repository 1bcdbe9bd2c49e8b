/** Virtual hard disks of Virtual PC and of early Hyper-V. */
package dev.kasuari.block.vpc;
