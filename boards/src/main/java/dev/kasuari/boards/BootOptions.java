package dev.kasuari.boards;

import org.jspecify.annotations.Nullable;

/**
 * What a machine is started with; files by name, as the options of the same names.
 *
 * @param bios {@code none}, a file, or null (or {@code default}) for what the board brings
 * @param kernel a kernel, or null
 * @param initrd an initial RAM disk, or null
 * @param append the kernel's command line, or null
 * @param dtb a devicetree to use instead of the generated one, or null
 */
public record BootOptions(
    @Nullable String bios,
    @Nullable String kernel,
    @Nullable String initrd,
    @Nullable String append,
    @Nullable String dtb) {}
