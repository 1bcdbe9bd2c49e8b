package dev.kasuari.guests;

import java.util.List;
import java.util.Map;

/**
 * A Linux that runs one shell script and powers off.
 *
 * @param suite a Debian release, such as {@code trixie}
 * @param architecture Debian's name of it, such as {@code riscv64}
 * @param modules kernel modules to load first, in this order, each after what it needs
 * @param script run by busybox's shell with /proc, /sys and /dev mounted and all of busybox's
 *     programs on the path; its output is the console. Afterwards the guest prints {@value #ENDED}
 *     and the exit status, and powers off.
 * @param files more files for the guest, by path
 */
public record ScriptedGuest(
    String suite,
    String architecture,
    List<String> modules,
    String script,
    Map<String, byte[]> files) {
  /** The line a scripted guest prints last starts so; the script's exit status follows. */
  public static final String ENDED = "guest script ended with status ";

  /** What a guest needs for virtio disks, randomness, network and console over virtio-mmio. */
  public static final List<String> VIRTIO =
      List.of("virtio_mmio", "virtio_blk", "virtio_rng", "virtio_net", "virtio_console");

  public ScriptedGuest {
    modules = List.copyOf(modules);
    files = Map.copyOf(files);
  }

  /** Debian 13 for this architecture with the {@link #VIRTIO} modules. */
  public static ScriptedGuest trixie(String architecture, String script) {
    return new ScriptedGuest("trixie", architecture, VIRTIO, script, Map.of());
  }
}
