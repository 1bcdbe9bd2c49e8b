/**
 * The block graph: nodes, their options and drivers; and {@link
 * dev.kasuari.machine.backend.BlockBackend}, by which guests use it.
 */
package dev.kasuari.block;
