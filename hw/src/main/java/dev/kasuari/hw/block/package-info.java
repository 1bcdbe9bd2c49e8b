/** What disks of all kinds share. */
package dev.kasuari.hw.block;
