/**
 * The demo guest: a kernel of a few thousand instructions, written in Java as assembly.
 *
 * <p>{@link dev.kasuari.demo.DemoKernel} lists its parts. To follow it from power-on to the prompt,
 * read {@code Boot}, then {@code PageTables} (how paging is turned on), {@code Devicetree} and
 * {@code Hardware} (what machine is this?), {@code Harts} and {@code Timer} (everybody gets to
 * work), {@code Traps} (what interrupts them), {@code Plic}, {@code Uart} and {@code VirtioBlk}
 * (the devices), and {@code Shell} with its {@code …Command} classes. {@code Part} is the language
 * that they are written in: its methods are the instructions.
 *
 * <p>The kernel is a guest like any other: it knows RISC-V, the SBI, the devicetree and the
 * devices' manuals, and nothing of Kasuari. So it runs under other emulators and their firmware
 * too, and what differs there from here is a bug in one of them.
 */
@NullMarked
package dev.kasuari.demo;

import org.jspecify.annotations.NullMarked;
