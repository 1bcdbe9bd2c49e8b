/**
 * The architected side of a RISC-V hart: registers, CSRs, traps, interrupts, address translation
 * and physical memory protection. Knows nothing of how instructions are executed.
 *
 * <p>Source throughout: The RISC-V Instruction Set Manual, volume I (Unprivileged Architecture,
 * 20240411) and volume II (Privileged Architecture, 1.13), called "unprivileged" and "privileged"
 * in comments.
 */
package dev.kasuari.target.riscv.cpu;
