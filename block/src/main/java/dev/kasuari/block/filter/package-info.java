/** Nodes that show another node with something added: limits, copies, faults, checks. */
package dev.kasuari.block.filter;
