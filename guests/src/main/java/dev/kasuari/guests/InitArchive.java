package dev.kasuari.guests;

import java.util.List;

/** The archives of ours that make a bare kernel usable. */
final class InitArchive {
  private InitArchive() {}

  /**
   * Laid over an installer's initrd. busybox's init, not the script, starts the shell: it gives it
   * a session and a controlling terminal, so that job control and Ctrl-C work, starts a new one
   * when it ends, and makes a plain {@code poweroff} work too.
   */
  private static final String SHELL_INIT =
      """
      #!/bin/sh
      export PATH=/usr/bin:/usr/sbin:/bin:/sbin HOME=/root TERM=linux
      mount -t proc proc /proc
      mount -t sysfs sysfs /sys
      mount -t devtmpfs devtmpfs /dev
      mkdir -p /dev/pts /run /root /tmp
      mount -t devpts devpts /dev/pts
      mount -t tmpfs tmpfs /run
      hostname debian
      console=$(sed 's/.* //' /sys/class/tty/console/active)
      echo "$console::respawn:-/bin/sh" > /etc/inittab
      echo "::ctrlaltdel:/sbin/reboot -f" >> /etc/inittab
      exec /bin/busybox init
      """;

  private static final String PROFILE =
      """
      export PATH=/usr/bin:/usr/sbin:/bin:/sbin HOME=/root
      cd /root
      PS1='\\u@\\h:\\w# '
      echo
      echo "$(uname -srm): a shell in Debian's installer. 'poweroff -f' ends it."
      """;

  private static final String SCRIPT_INIT =
      """
      #!/bin/busybox sh
      export PATH=/bin HOME=/ TERM=linux
      /bin/busybox --install -s /bin
      mount -t proc proc /proc
      mount -t sysfs sysfs /sys
      mount -t devtmpfs devtmpfs /dev
      while read -r module; do
        insmod "/lib/modules/$module.ko" || echo "module $module cannot be loaded"
      done < /lib/modules/order
      sh /script
      echo "%s$?"
      poweroff -f
      """
          .formatted(ScriptedGuest.ENDED);

  static byte[] shell() {
    return new Cpio().file("init", 0755, SHELL_INIT).file("etc/profile", 0644, PROFILE).toBytes();
  }

  static String scriptInit() {
    return SCRIPT_INIT;
  }

  static byte[] script(byte[] busybox, List<KernelModule> modules) {
    Cpio cpio =
        new Cpio()
            .directory("dev", 0755)
            .characterDevice("dev/console", 0600, 5, 1)
            .characterDevice("dev/null", 0666, 1, 3)
            .directory("proc", 0555)
            .directory("sys", 0555)
            .directory("tmp", 01777)
            .directory("mnt", 0755)
            .file("bin/busybox", 0755, busybox)
            .file("init", 0755, SCRIPT_INIT);
    StringBuilder order = new StringBuilder();
    for (KernelModule module : modules) {
      cpio.file("lib/modules/" + module.name() + ".ko", 0644, module.image());
      order.append(module.name()).append('\n');
    }
    return cpio.file("lib/modules/order", 0644, order.toString()).toBytes();
  }
}
