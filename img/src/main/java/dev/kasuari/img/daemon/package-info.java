/** Programs that stay: the storage daemon, and what all of them need. */
package dev.kasuari.img.daemon;
