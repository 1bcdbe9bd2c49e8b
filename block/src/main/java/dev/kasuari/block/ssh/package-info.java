/** Disks on servers that are reached by SSH, as files of SFTP. */
@org.jspecify.annotations.NullMarked
package dev.kasuari.block.ssh;
