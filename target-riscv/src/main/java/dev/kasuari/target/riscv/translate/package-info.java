/**
 * What each RISC-V instruction means, as IR. One interface an extension; {@link
 * dev.kasuari.target.riscv.translate.RiscvTranslator} is all of them together.
 */
@NullMarked
package dev.kasuari.target.riscv.translate;

import org.jspecify.annotations.NullMarked;
