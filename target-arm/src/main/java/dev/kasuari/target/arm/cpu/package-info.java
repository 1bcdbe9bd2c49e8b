/**
 * The architected side of a processing element of the Arm A-profile: registers, exceptions, address
 * translation, interrupts, timers. It knows no accelerator.
 */
package dev.kasuari.target.arm.cpu;
