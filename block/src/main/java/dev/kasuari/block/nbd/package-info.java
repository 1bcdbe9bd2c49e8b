/**
 * Network block devices, both ends: the driver {@code nbd}, and a server. Source: the NBD project's
 * protocol document (doc/proto.md), whose section names are quoted.
 */
package dev.kasuari.block.nbd;
