@DeviceRegistry("TestDevices")
package dev.kasuari.machine;
