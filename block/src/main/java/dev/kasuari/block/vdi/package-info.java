/** Images of VirtualBox. */
package dev.kasuari.block.vdi;
