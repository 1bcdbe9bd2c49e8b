/** {@code kasuari-nbd}: shows disk images to clients of the NBD protocol. */
package dev.kasuari.img.nbd;
