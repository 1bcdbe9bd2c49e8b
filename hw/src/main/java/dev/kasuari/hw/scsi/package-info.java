/** SCSI: logical units, what they are asked, and the bus that they are on. */
package dev.kasuari.hw.scsi;
