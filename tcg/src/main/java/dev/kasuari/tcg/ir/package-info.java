/**
 * The intermediate representation: what a guest instruction means, said once, between the semantics
 * of every instruction set and the code of every back end.
 *
 * <p>A {@link dev.kasuari.tcg.ir.IrUnit} is a list of blocks of operations over single-assignment
 * values. Guest registers are not values: they are bytes of the guest state, read by {@code get}
 * and written by {@code set}, and views may overlap. {@link dev.kasuari.tcg.ir.Op} is the table of
 * all operations; {@link dev.kasuari.tcg.ir.Emitter} is the typed way to write them, {@link
 * dev.kasuari.tcg.ir.Verifier} the rules, {@link dev.kasuari.tcg.ir.Printer} what {@code -d op}
 * shows.
 */
@NullMarked
package dev.kasuari.tcg.ir;

import org.jspecify.annotations.NullMarked;
