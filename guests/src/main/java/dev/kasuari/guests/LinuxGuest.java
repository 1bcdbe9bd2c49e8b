package dev.kasuari.guests;

import java.nio.file.Path;

/**
 * A Linux that is ready to boot.
 *
 * @param name for people, such as {@code Debian trixie riscv64 shell}
 * @param kernel as Debian ships it
 * @param initrd to load beside it
 * @param append the kernel command line that it needs: the console
 */
public record LinuxGuest(String name, Path kernel, Path initrd, String append) {}
