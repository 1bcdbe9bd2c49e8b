/**
 * Support for tests of devices: a {@link dev.kasuari.testkit.TestBench} with a clock that tests
 * move, {@link dev.kasuari.testkit.DeviceProbe}s on registers, {@link
 * dev.kasuari.testkit.IrqProbe}s on lines, {@link dev.kasuari.testkit.StateContract} for saved
 * state.
 */
package dev.kasuari.testkit;
