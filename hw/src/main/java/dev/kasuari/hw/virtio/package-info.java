/**
 * Virtio: devices made for virtual machines. Source: Virtual I/O Device (VIRTIO) Version 1.2,
 * OASIS; sections are quoted by their numbers there.
 *
 * <p>A {@link dev.kasuari.hw.virtio.VirtioDevice} knows queues and features but no registers; a
 * transport such as {@link dev.kasuari.hw.virtio.VirtioMmio} has a {@link
 * dev.kasuari.hw.virtio.VirtioBus} that one is plugged into.
 */
package dev.kasuari.hw.virtio;
