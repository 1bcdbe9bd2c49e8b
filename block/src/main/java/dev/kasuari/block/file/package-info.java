/** Protocol nodes: where bytes come from. */
package dev.kasuari.block.file;
