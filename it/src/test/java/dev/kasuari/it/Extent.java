package dev.kasuari.it;

/** A stretch of guest-physical memory, in bytes. */
record Extent(long address, int length) {}
