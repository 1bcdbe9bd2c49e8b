/**
 * QEMU copy on write, versions 2 and 3. Source of all structures: "The QCOW2 image format" (QEMU's
 * documentation, interop/qcow2); Javadoc names its sections.
 *
 * <p>How an image survives a power cut: {@link dev.kasuari.block.qcow2.Commit}.
 */
package dev.kasuari.block.qcow2;
