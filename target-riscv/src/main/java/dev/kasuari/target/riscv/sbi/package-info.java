/**
 * The built-in firmware: the supervisor binary interface in Java, in place of M-mode software, so
 * that a kernel boots without a firmware file. Source: RISC-V Supervisor Binary Interface
 * Specification, version 2.0, called "SBI" in comments.
 */
package dev.kasuari.target.riscv.sbi;
