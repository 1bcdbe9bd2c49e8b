/** Images of VMware: a descriptor and extents, in one file or several. */
package dev.kasuari.block.vmdk;
