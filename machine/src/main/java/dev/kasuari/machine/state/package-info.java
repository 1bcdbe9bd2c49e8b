/**
 * The state of devices: written down field by field with its names, so that it can be restored by
 * another version on another host, shown and compared. Codecs are generated from state classes.
 */
package dev.kasuari.machine.state;
