/** Back ends of {@link dev.kasuari.machine.backend.CharBackend}. */
package dev.kasuari.chardev;
