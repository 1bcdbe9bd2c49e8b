package dev.kasuari.block.nbd;

/**
 * What a server says of an export.
 *
 * @param size bytes
 * @param flags of the transmission phase
 * @param minimum requests are multiples of so many bytes, a power of two
 * @param maximum data of one request, bytes
 */
record ExportInfo(long size, int flags, int minimum, int maximum) {
  boolean can(int flag) {
    return (flags & flag) != 0;
  }
}
