/**
 * Addresses: {@link dev.kasuari.machine.memory.MemoryRegion} trees, flattened to {@link
 * dev.kasuari.machine.memory.FlatView}s; guest memory in {@link
 * dev.kasuari.machine.memory.RamBlock}s; how CPUs ({@link dev.kasuari.machine.memory.BusAccess})
 * and devices ({@link dev.kasuari.machine.memory.Dma}) reach them.
 */
package dev.kasuari.machine.memory;
