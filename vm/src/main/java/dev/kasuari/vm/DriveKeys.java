package dev.kasuari.vm;

import dev.kasuari.block.BlockNode;
import dev.kasuari.block.DriveOptions.CacheMode;
import dev.kasuari.block.NodeOptions;
import dev.kasuari.block.file.FileDriver;
import dev.kasuari.block.filter.Limits;
import dev.kasuari.machine.backend.OnError;
import dev.kasuari.qapi.Options;
import org.jspecify.annotations.Nullable;

/**
 * What {@code -drive} itself understands; the rest of its argument is the node's.
 *
 * @param file the file that holds its bytes; or options of a node: file.driver=, file.filename=
 * @param id what {@code -device ...,drive=} calls it
 * @param interfaceName how the guest sees it: virtio, pflash for a bank of flash, or none for a
 *     -device to say
 * @param format of the file; where it is left out the file is looked at
 * @param readonly whether writing is refused
 * @param media disk, or cdrom, which is read only
 * @param index its place among the drives of its interface, instead of bus= and unit=
 * @param bus of its interface, from 0
 * @param unit its place on that bus
 * @param discard what happens to bytes that the guest does not need any more
 * @param cache what the host keeps, and when a write has ended; or cache.direct=, cache.writeback=,
 *     cache.no-flush=
 * @param aio how requests are handed to the host
 * @param detectZeroes what is done with zeroes that the guest writes as data
 * @param autoReadOnly read only where the file cannot be written
 * @param snapshot what the guest writes goes to a temporary file and is lost at the end
 * @param copyOnRead what is read from backing files is in the image afterwards
 * @param rerror what becomes of reads that fail
 * @param werror what becomes of writes that fail
 * @param throttling limits: throttling.bps-total= and so on, throttling.group=
 */
@Options
record DriveKeys(
    @Nullable String file,
    @Nullable String id,
    @Options.Name("if") @Options.Default("virtio") String interfaceName,
    @Nullable String format,
    @Options.Default("off") boolean readonly,
    @Options.Default("disk") Drive.Media media,
    @Options.Range(min = 0, max = 1023) @Nullable Integer index,
    @Options.Range(min = 0, max = 1023) @Nullable Integer bus,
    @Options.Range(min = 0, max = 1023) @Nullable Integer unit,
    @Options.Default("ignore") NodeOptions.Discard discard,
    @Options.Default("writeback") CacheMode cache,
    FileDriver.@Nullable Aio aio,
    @Options.Default("off") BlockNode.DetectZeroes detectZeroes,
    @Options.Default("off") boolean autoReadOnly,
    @Nullable Boolean snapshot,
    @Options.Default("off") boolean copyOnRead,
    @Options.Default("auto") OnError rerror,
    @Options.Default("auto") OnError werror,
    @Nullable Limits throttling) {}
