package dev.kasuari.block.nbd;

import dev.kasuari.qapi.Json;
import dev.kasuari.qapi.Options;
import org.jspecify.annotations.Nullable;

/**
 * A node that a server shows ({@code --export type=nbd}).
 *
 * @param id of the export
 * @param nodeName the node
 * @param writable whether clients may write
 * @param writethrough whether a write is answered only when it is on the medium
 * @param name what clients ask for; the node's name if left out
 * @param description for people
 * @param bitmaps what is shown as qemu:dirty-bitmap:NAME: names, or objects with node and name
 * @param allocationDepth whether qemu:allocation-depth is shown
 */
@Options
public record ExportOptions(
    String id,
    String nodeName,
    @Options.Default("off") boolean writable,
    @Options.Default("off") boolean writethrough,
    @Nullable String name,
    @Nullable String description,
    @Nullable Json bitmaps,
    @Options.Default("off") boolean allocationDepth) {}
