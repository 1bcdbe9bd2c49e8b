/** Long operations on disks that are in use: commit, stream, mirror, backup, create. */
package dev.kasuari.block.job;
