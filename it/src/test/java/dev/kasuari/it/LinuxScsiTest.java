package dev.kasuari.it;

import static org.assertj.core.api.Assertions.assertThat;

import dev.kasuari.boards.BootOptions;
import dev.kasuari.guests.DebianPackages;
import dev.kasuari.guests.LinuxGuest;
import dev.kasuari.guests.LinuxGuests;
import dev.kasuari.guests.Progress;
import dev.kasuari.guests.ScriptedGuest;
import dev.kasuari.machine.Shutdown;
import dev.kasuari.qapi.OptionSource;
import dev.kasuari.vm.Drive;
import dev.kasuari.vm.MachineDescription;
import dev.kasuari.vm.SerialPort;
import dev.kasuari.vm.VirtualMachine;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * Debian's kernel with a disk and a disc on virtio-scsi: what it writes, reads and discards is what
 * the host finds; and what both say of themselves is what QEMU's say under the same guest, apart
 * from what is named here.
 */
@Tag("guest")
@Timeout(value = 15, unit = TimeUnit.MINUTES)
class LinuxScsiTest {
  private static final int MIB = 1 << 20;
  private static final String ENDED = ScriptedGuest.ENDED + "0";

  /** Kept equal, for they are who one is. */
  private static final String NAMES = ",vendor=ACME,product=THING,ver=2.0a,serial=S-1";

  /** Commands that are answered otherwise, by the first words of their line. */
  private static final Map<String, String> DIFFERENCES =
      Map.ofEntries(
          Map.entry("disc 1201b", "pages of disks, which QEMU's drives of discs have too"),
          Map.entry("disc 9e10", "and a disc's blocks cannot be given back"),
          Map.entry("disc 1a007f", "AWRE cannot be changed, nor can it with QEMU"),
          Map.entry("disc 2f", "VERIFY, which drives that only read need not have"),
          Map.entry("disc 43000000", "the lead-out behind a data track is no track without copies"),
          Map.entry("disc 43020000", "as without MSF"),
          Map.entry("disc 430001", "the first track of the last session has number 1"),
          Map.entry("disc 430002", "in the lead-in places are minutes, seconds and frames"),
          Map.entry("disc 46", "a tray that has nothing to be loaded with"),
          Map.entry("disc 4a", "an event of a medium that was there from the beginning"),
          Map.entry("disc 5a002a", "speeds and features that a drive of data has not"),
          Map.entry("disc 1a003f", "as in page 2a"),
          Map.entry("disc 5a003f", "as in page 2a"),
          Map.entry("disc 1a083f", "as in page 2a"),
          Map.entry("disc ad", "QEMU 7.2 fails its adapter's request instead of the command"),
          Map.entry("disk ad", "as with discs"),
          Map.entry("disk 43", "disks have no contents to tell"),
          Map.entry("disk 46", "nor any other command of drives of discs"),
          Map.entry("disk 4a", "as 46"),
          Map.entry("disk 51", "as 46"),
          Map.entry("disk bd", "as 46"));

  /** More disks, each with a file of its own, that the kernel is to see as with QEMU. */
  private static final List<String> MORE =
      List.of(
          "virtio-blk-device,serial=plain",
          "virtio-blk-device,serial=tuned,num-queues=2,queue-size=64,logical_block_size=4096,"
              + "physical_block_size=8192,min_io_size=16384,opt_io_size=65536,"
              + "discard_granularity=8192,max-discard-sectors=128,max-write-zeroes-sectors=256",
          "virtio-blk-device,serial=few,discard=off,write-zeroes=off,config-wce=off,"
              + "seg-max-adjust=off",
          "scsi-hd,bus=scsi0.0,logical_block_size=4096,physical_block_size=8192,"
              + "min_io_size=16384,opt_io_size=65536,discard_granularity=8192,rotation_rate=7200"
              + NAMES);

  private static final String CACHE =
      "a CPU with cache blocks (Zicbom), which QEMU 7.2's has not, asks for whole ones";

  private static final String RING =
      "QEMU's virtio-mmio says 1024 whatever its device's queue has room for";

  /** What the kernel sees otherwise, by what stands before the colon, and why. */
  private static final Map<String, String> SEEN_OTHERWISE =
      Map.of(
          "seen plain vendor", "whose device it is",
          "seen tuned vendor", "whose device it is",
          "seen few vendor", "whose device it is",
          "seen 0.0.0.0 dma_alignment", CACHE,
          "seen 0.0.2.0 dma_alignment", CACHE,
          "seen 0.0.1.0 dma_alignment", CACHE,
          "seen scsi can_queue", RING,
          "seen tuned nr_requests", RING);

  private static final String SCRIPT =
      """
      # Which of the disks is sda is for chance to say.
      at() { ls /sys/class/scsi_device/$1/device/block 2>/dev/null; }
      there() { [ -b "/dev/$(at $1)" ]; }
      i=0
      until there 0:0:0:0 && there 0:0:1:0 && there 0:0:2:0 || [ $i = 50 ]; do
        sleep 0.2; i=$((i + 1))
      done
      disk=/dev/$(at 0:0:0:0)
      disc=/dev/$(at 0:0:1:0)
      /scsiprobe $disk | sed 's/^/disk /'
      /scsiprobe $disc | sed 's/^/disc /'
      dd if=/noise of=$disk bs=1M 2>/dev/null && sync
      echo 3 > /proc/sys/vm/drop_caches
      dd if=$disk bs=1M count=4 2>/dev/null | cmp - /noise && echo "disk verified"
      dd if=$disc bs=1M count=4 2>/dev/null | cmp - /noise && echo "disc verified"
      /scsiprobe $disk 1048576 1048576 && echo "discarded"
      dd if=$disk bs=1M skip=1 count=1 2>/dev/null | tr -d '\\000' | wc -c
      for d in /sys/block/vd* /sys/block/sd* /sys/block/sr*; do
        n=$(cat $d/serial 2>/dev/null || basename $(readlink $d/device) | tr : .)
        grep -s . $d/queue/* $d/size $d/ro $d/removable $d/cache_type $d/ext_range \\
            $d/discard_alignment $d/alignment_offset $d/device/features $d/device/queue_depth \\
            $d/device/type $d/device/vendor $d/device/model $d/device/rev \\
            $d/device/scsi_level $d/device/scsi_disk/*/* | \\
            sed "s,^[^:]*/,seen $n ,;s,[0-9]*:[0-9]*:[0-9]*:[0-9]*/,,"
        echo "seen $n queues: $(ls $d/mq | wc -l)"
        for f in $d/device/vpd_pg* $d/device/inquiry; do
          [ -f $f ] && echo "seen $n $(basename $f): $(hexdump -v -e '1/1 "%02x"' $f)"
        done
      done
      for d in /sys/bus/virtio/devices/*; do
        [ $(cat $d/device) = 0x0008 ] && echo "seen scsi features: $(cat $d/features)"
      done
      for f in cmd_per_lun can_queue sg_tablesize nr_hw_queues; do
        echo "seen scsi $f: $(cat /sys/class/scsi_host/host0/$f)"
      done
      grep -q hotplug /proc/cmdline || exit 0
      echo "waiting"
      i=0; until [ -b /dev/sdc ] || [ $i = 100 ]; do sleep 0.2; i=$((i + 1)); done
      dd if=/dev/sdc bs=1M count=4 2>/dev/null | cmp - /noise && echo "came"
      i=0; until [ ! -b /dev/sdc ] || [ $i = 100 ]; do sleep 0.2; i=$((i + 1)); done
      [ -b /dev/sdc ] || echo "gone"
      """;

  @TempDir private Path folder;

  private LinuxGuest guest(byte[] noise) throws Exception {
    var modules = new ArrayList<String>(ScriptedGuest.VIRTIO);
    modules.addAll(List.of("virtio_scsi", "sd_mod", "sr_mod"));
    var script =
        new ScriptedGuest(
            "trixie",
            "riscv64",
            modules,
            SCRIPT,
            Map.of("noise", noise, "scsiprobe", GuestBinary.compiled("scsi/probe.c", folder)));
    return new LinuxGuests(DebianPackages.fromEnvironment())
        .scripted(script, folder.resolve("initrd"), Progress.none());
  }

  private Path disk(String name) throws IOException {
    Path file = folder.resolve(name);
    try (var disk = new RandomAccessFile(file.toFile(), "rw")) {
      disk.setLength(16 * MIB);
    }
    return file;
  }

  @Test
  void aDiskAndADiscAreAsWithQemu() throws Exception {
    byte[] noise = new byte[4 * MIB];
    new Random(20260303).nextBytes(noise);
    Path disc = Files.write(folder.resolve("disc"), noise);
    LinuxGuest guest = guest(noise);
    Path ours = disk("ours");
    String lines = ours(guest, ours, disc, Files.write(folder.resolve("second"), noise));
    assertThat(lines).contains("disk verified", "disc verified", "discarded\n0\n", "came", "gone");
    byte[] expected = Arrays.copyOf(noise, 16 * MIB);
    Arrays.fill(expected, MIB, 2 * MIB, (byte) 0);
    assertThat(Files.readAllBytes(ours)).isEqualTo(expected);
    String theirs = qemu(guest, disk("theirs"), disc);
    compare(answers(lines), answers(theirs));
    compareSeen(seen(lines), seen(theirs));
  }

  private String ours(LinuxGuest guest, Path disk, Path disc, Path second) throws Exception {
    Path console = folder.resolve("console");
    MachineDescription.Builder builder =
        MachineDescription.of(DebianTarget.RISCV64.board())
            .ram(512L << 20)
            .serial(SerialPort.parse("file:" + console))
            .drive(drive("if=none,id=d0,format=raw,discard=unmap,file=" + disk))
            .drive(drive("if=none,id=d1,format=raw,media=cdrom,file=" + disc))
            .device("virtio-scsi-device,id=scsi0,num_queues=2")
            .device("scsi-hd,drive=d0,bus=scsi0.0" + NAMES)
            .device("scsi-cd,drive=d1,bus=scsi0.0" + NAMES);
    for (int i = 0; i < MORE.size(); i++) {
      builder.drive(drive("if=none,id=e%d,format=raw,file=%s".formatted(i, disk("ours" + i))));
      builder.device(MORE.get(i) + ",drive=e" + i);
    }
    MachineDescription description =
        builder
            .boot(
                new BootOptions(
                    null,
                    guest.kernel().toString(),
                    guest.initrd().toString(),
                    guest.append() + " hotplug",
                    null))
            .build();
    try (var machine = VirtualMachine.create(description)) {
      machine.start();
      await(console, "waiting");
      machine.addDrive(drive("if=none,id=d2,format=raw,readonly=on,file=" + second));
      machine.plug("scsi-hd,drive=d2,id=late,bus=scsi0.0");
      await(console, "came");
      machine.unplug("late");
      Shutdown end = machine.machine().awaitShutdown(10, TimeUnit.MINUTES);
      assertThat(end).as(Files.readString(console)).isNotNull();
    }
    return Files.readString(console).replace("\r", "");
  }

  private static void await(Path console, String text) throws Exception {
    long end = System.nanoTime() + TimeUnit.MINUTES.toNanos(5);
    while (!Files.readString(console).contains(text)) {
      assertThat(System.nanoTime()).as(() -> "no " + text).isLessThan(end);
      Thread.sleep(100);
    }
  }

  private static Drive drive(String text) {
    return Drive.parse(OptionSource.of("-drive", text, ""));
  }

  private String qemu(LinuxGuest guest, Path disk, Path disc) throws Exception {
    Path console = folder.resolve("qemu");
    var words = new ArrayList<String>();
    words.addAll(List.of("qemu-system-riscv64", "-M", "virt", "-m", "512M", "-display", "none"));
    words.addAll(List.of("-monitor", "none", "-serial", "file:" + console, "-no-reboot"));
    words.addAll(List.of("-kernel", "" + guest.kernel(), "-initrd", "" + guest.initrd()));
    words.addAll(List.of("-append", guest.append()));
    words.addAll(List.of("-drive", "if=none,id=d0,format=raw,discard=unmap,file=" + disk));
    words.addAll(List.of("-drive", "if=none,id=d1,format=raw,media=cdrom,file=" + disc));
    words.addAll(List.of("-global", "virtio-mmio.force-legacy=false"));
    words.addAll(List.of("-device", "virtio-scsi-device,id=scsi0,num_queues=2"));
    words.addAll(List.of("-device", "scsi-hd,drive=d0,bus=scsi0.0" + NAMES));
    words.addAll(List.of("-device", "scsi-cd,drive=d1,bus=scsi0.0" + NAMES));
    for (int i = 0; i < MORE.size(); i++) {
      words.addAll(
          List.of("-drive", "if=none,id=e%d,format=raw,file=%s".formatted(i, disk("theirs" + i))));
      words.addAll(List.of("-device", MORE.get(i) + ",drive=e" + i));
    }
    Process qemu = new ProcessBuilder(words).inheritIO().start();
    try {
      assertThat(qemu.waitFor(5, TimeUnit.MINUTES)).as(Files.readString(console)).isTrue();
    } finally {
      qemu.destroyForcibly();
    }
    return Files.readString(console).replace("\r", "");
  }

  /** What was answered, by who was asked what. */
  private static Map<String, String> answers(String console) {
    assertThat(console).contains(ENDED);
    var out = new TreeMap<String, String>();
    console
        .lines()
        .filter(l -> l.matches("dis[kc] [0-9a-f]+: .*"))
        .forEach(l -> out.put(l.replaceFirst(":.*", ""), answer(l.replaceFirst(".*?: ", ""))));
    return out;
  }

  /** QEMU fills with zeroes what an answer has room for; that is no difference. */
  private static String answer(String text) {
    return text.startsWith("status")
        ? text
        : text.replaceFirst("^\\d+ ", "").replaceFirst("0+$", "");
  }

  private static void compare(Map<String, String> ours, Map<String, String> theirs) {
    assertThat(ours.keySet()).hasSizeGreaterThan(60).isEqualTo(theirs.keySet());
    Set<String> named = DIFFERENCES.keySet();
    var differences = new ArrayList<String>();
    ours.forEach((question, answer) -> {
      boolean expected = named.stream().anyMatch(question::startsWith);
      if (!expected && !answer.equals(theirs.get(question))) {
        differences.add(question + "\n  ours   " + answer + "\n  theirs " + theirs.get(question));
      }
    });
    assertThat(differences).isEmpty();
  }

  /** Attributes of what the kernel found, by disk and name. */
  private static Map<String, String> seen(String console) {
    var out = new TreeMap<String, String>();
    console
        .lines()
        .filter(l -> l.startsWith("seen "))
        .forEach(l -> out.put(l.replaceFirst(":.*", ""), l.replaceFirst(".*?: ?", "").strip()));
    return out;
  }

  private static void compareSeen(Map<String, String> ours, Map<String, String> theirs) {
    assertThat(ours.keySet()).hasSizeGreaterThan(150).isEqualTo(theirs.keySet());
    var differences = new TreeMap<String, String>();
    ours.forEach((name, value) -> {
      if (!value.equals(theirs.get(name))) {
        differences.put(name, "ours " + value + ", theirs " + theirs.get(name));
      }
    });
    assertThat(differences).containsOnlyKeys(SEEN_OTHERWISE.keySet());
  }
}
