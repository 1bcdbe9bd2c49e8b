/** {@code kasuari-img}: what {@code qemu-img} does, with its words and exit codes. */
package dev.kasuari.img;
