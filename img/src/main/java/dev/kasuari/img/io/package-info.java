/** {@code kasuari-io}: requests to an image one by one, from scripts. */
package dev.kasuari.img.io;
