/** Serial ports. */
package dev.kasuari.hw.serial;
