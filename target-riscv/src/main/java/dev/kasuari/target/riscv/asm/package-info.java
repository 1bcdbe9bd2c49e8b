/**
 * An assembler for programs written in Java: the encoder that is generated from the instruction
 * patterns, with labels, data and the few pseudo-instructions that every program needs. The
 * embedded demo kernel and the bare-metal tests are written with it.
 */
@NullMarked
package dev.kasuari.target.riscv.asm;

import org.jspecify.annotations.NullMarked;
