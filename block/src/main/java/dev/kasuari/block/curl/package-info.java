/** Disks on web servers, by range requests. */
@org.jspecify.annotations.NullMarked
package dev.kasuari.block.curl;
