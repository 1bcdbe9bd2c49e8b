/** Back ends of {@link dev.kasuari.machine.backend.BlockBackend}. */
package dev.kasuari.block;
