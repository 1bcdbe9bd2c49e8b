package dev.kasuari.cli;

import java.util.List;
import java.util.Set;
import java.util.TreeSet;

/**
 * The names of the options of QEMU 7.2 to 10.0 on any target, so that somebody who uses one that is
 * not there yet is told so and not that it is a mistake.
 */
final class QemuOptions {
  private static final Set<String> NAMES =
      Set.copyOf(
          List.of(
              """
              D L M S accel acpitable action add-fd append async-teardown audio audio-help audiodev
              bios blockdev boot cdrom chardev chroot compat cpu d daemonize debugcon device dfilter
              display drive dtb dump-vmstate echr enable-kvm enable-sync-profile fda fdb fsdev
              full-screen fw_cfg g gdb global h hda hdb hdc hdd help icount incoming initrd iscsi
              jitdump k kernel loadvm m machine machine-prop mem-path mem-prealloc mon monitor msg
              mtdblock name net netdev nic no-acpi no-fd-bootchk no-hpet no-reboot no-shutdown
              no-user-config nodefaults nographic numa object old-param only-migratable option-rom
              overcommit parallel perfmap pflash pidfile plugin portrait preconfig prom-env qmp
              qmp-pretty qtest qtest-log readconfig rotate rtc run-with runas s sandbox sd seed
              semihosting semihosting-config serial set shim singlestep smbios smp snapshot spice
              tpmdev trace usb usbdevice uuid version vga virtfs vnc watchdog watchdog-action
              win2k-hack xen-attach xen-domid xen-domid-restrict\
              """
                  .split("\\s+")));

  private QemuOptions() {}

  /** True if QEMU has it. */
  static boolean has(String name) {
    return NAMES.contains(name);
  }

  /** All of them. */
  static Set<String> names() {
    return new TreeSet<>(NAMES);
  }
}
