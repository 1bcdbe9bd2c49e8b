/** The list of all device models of this module, generated from their declarations. */
@DeviceRegistry("HwDevices")
package dev.kasuari.hw;

import dev.kasuari.machine.DeviceRegistry;
