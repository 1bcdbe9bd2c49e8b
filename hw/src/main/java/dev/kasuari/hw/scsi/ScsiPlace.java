package dev.kasuari.hw.scsi;

import org.jspecify.annotations.Nullable;

/**
 * Where a user wants a logical unit.
 *
 * @param channel its channel
 * @param target its target, or null for the first that is free
 * @param lun its number, or null for the first that is free
 */
record ScsiPlace(int channel, @Nullable Integer target, @Nullable Integer lun) {}
