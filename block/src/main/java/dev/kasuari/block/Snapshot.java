package dev.kasuari.block;

/**
 * A snapshot inside of an image.
 *
 * @param id unique in the image
 * @param name as its maker called it
 * @param vmState bytes of the machine's state that are kept with it
 * @param seconds when it was made, since the epoch
 * @param nanoseconds and so much
 * @param vmClock how long the guest had run, nanoseconds
 * @param icount instructions that the guest had run, or −1 if nobody counted
 */
public record Snapshot(
    String id,
    String name,
    long vmState,
    long seconds,
    int nanoseconds,
    long vmClock,
    long icount) {}
