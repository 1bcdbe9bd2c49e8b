package dev.kasuari.it;

import static org.assertj.core.api.Assertions.assertThat;

import dev.kasuari.guests.DebianPackages;
import dev.kasuari.guests.LinuxGuest;
import dev.kasuari.guests.LinuxGuests;
import dev.kasuari.guests.Progress;
import dev.kasuari.guests.ScriptedGuest;
import dev.kasuari.testkit.ConsoleProcess;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * Debian's kernel with its virtio drivers: the console is a {@code virtconsole}, a named port
 * carries bytes both ways through a pseudo-terminal of the host, and packets go through a network
 * card whose cable leads back; the date is what {@code -rtc} says.
 */
@Tag("guest")
@Timeout(value = 30, unit = TimeUnit.MINUTES)
class LinuxVirtioTest {
  private static final int PATIENCE_SECONDS = 900;
  private static final int BYTES = 200_000;
  private static final String MAC = "52:54:00:0a:0b:0c";

  /**
   * The guest's end. 10.0.0.2 is its own, and yet what it sends there goes out by eth0, as a rule
   * before that of local addresses says; it comes back, and the answer needs no cable.
   */
  private static final String SCRIPT =
      """
      exec < /dev/hvc0 > /dev/hvc0 2>&1
      stty -echo
      echo "active: $(cat /sys/class/tty/console/active)"
      echo "date: $(cat /sys/class/rtc/rtc0/date)"
      echo "from the kernel" > /dev/kmsg
      echo "type"
      read -r line
      echo "typed: $line"
      echo "size: $(stty size)"
      port=$(basename $(dirname $(grep -l org.kasuari.test /sys/class/virtio-ports/*/name)))
      echo "port: $port"
      head -c %d /dev/$port > /tmp/bytes
      echo "sum: $(sha256sum < /tmp/bytes)"
      cat /tmp/bytes > /dev/$port
      read -r line
      ip addr add 10.0.0.1/24 dev eth0
      ip link set lo up
      ip link set eth0 up
      echo "mac: $(cat /sys/class/net/eth0/address)"
      for i in all eth0; do echo 0 > /proc/sys/net/ipv4/conf/$i/rp_filter; done
      echo 1 > /proc/sys/net/ipv4/conf/eth0/accept_local
      ip addr add 10.0.0.2/32 dev lo
      ip route add 10.0.0.2 dev eth0 src 10.0.0.1 table 200
      ip rule add priority 10 iif lo to 10.0.0.2 lookup 200
      ip rule add priority 100 lookup local
      ip rule del priority 0
      arp -s 10.0.0.2 %s
      ping -c 5 -s 1400 -A 10.0.0.2
      echo "frames: $(cat /sys/class/net/eth0/statistics/rx_packets)"
      echo "ended"
      poweroff -f
      """
          .formatted(BYTES, MAC);

  @TempDir private Path folder;

  private LinuxGuest guest() throws IOException {
    return new LinuxGuests(DebianPackages.fromEnvironment())
        .scripted(
            ScriptedGuest.trixie("riscv64", SCRIPT), folder.resolve("initrd"), Progress.none());
  }

  private List<String> command(LinuxGuest guest) {
    String java = Path.of(System.getProperty("java.home"), "bin", "java").toString();
    var words = new ArrayList<String>();
    words.addAll(List.of(java, "-XX:+UseSerialGC", "--enable-native-access=ALL-UNNAMED"));
    words.addAll(List.of("-cp", System.getProperty("java.class.path"), "dev.kasuari.cli.Main"));
    words.addAll(List.of("system", "riscv64", "-display", "none", "-serial", "none", "-m", "512M"));
    words.addAll(List.of("-kernel", "" + guest.kernel(), "-initrd", "" + guest.initrd()));
    words.addAll(List.of("-append", "console=hvc0"));
    words.addAll(List.of("-chardev", "stdio,id=console", "-chardev", "pty,id=port"));
    words.addAll(List.of("-device", "virtio-serial-device,id=vs"));
    words.addAll(List.of("-device", "virtconsole,chardev=console,bus=vs.0"));
    words.addAll(List.of("-device", "virtserialport,chardev=port,name=org.kasuari.test"));
    words.addAll(List.of("-netdev", "loopback,id=n0"));
    words.addAll(List.of("-device", "virtio-net-device,netdev=n0,mac=" + MAC));
    words.addAll(List.of("-rtc", "base=2001-02-03T04:05:06,clock=vm"));
    return words;
  }

  @Test
  void consolePortCardAndDateWork() throws Exception {
    try (var kasuari = ConsoleProcess.start(command(guest()), PATIENCE_SECONDS)) {
      Matcher pty =
          Pattern.compile("redirected to (\\S+) \\(label port\\)")
              .matcher(kasuari.await("(label port)"));
      assertThat(pty.find()).isTrue();
      byte[] noise = new byte[BYTES];
      new Random(1).nextBytes(noise);
      // Open before the guest reads: a port to which nobody is connected reads as ended.
      try (var port = new RandomAccessFile(pty.group(1), "rw")) {
        kasuari.await("active: hvc0");
        assertThat(kasuari.await("type\r\n"))
            .contains("date: 2001-02-03")
            .containsPattern("\\[ *[0-9.]+\\] from the kernel"); // on its console, with a time
        kasuari.type("a line for the guest\n");
        kasuari.await("typed: a line for the guest");
        kasuari.await("port: vport");
        port.write(noise);
        String sum = HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(noise));
        kasuari.await("sum: " + sum);
        byte[] back = new byte[BYTES];
        port.readFully(back);
        assertThat(back).isEqualTo(noise);
      }
      // Not before: what is not read when the machine ends goes with the pseudo-terminal.
      kasuari.type("all of it came back\n");
      kasuari.await("mac: " + MAC);
      assertThat(kasuari.await("ended")).contains("5 packets received, 0% packet loss");
      assertThat(kasuari.exit()).isZero();
    }
  }
}
