package dev.kasuari.it;

import static org.assertj.core.api.Assertions.assertThat;

import dev.kasuari.block.Access;
import dev.kasuari.block.BlockGraph;
import dev.kasuari.block.BlockNode;
import dev.kasuari.block.bitmap.DirtyBitmap;
import dev.kasuari.block.job.BackupJob;
import dev.kasuari.block.job.BackupJob.Saving;
import dev.kasuari.block.job.JobOptions;
import dev.kasuari.block.job.Jobs;
import dev.kasuari.block.job.MirrorJob;
import dev.kasuari.block.job.MirrorJob.Mirroring;
import dev.kasuari.block.job.Transaction;
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
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * Debian's kernel keeps three disks busy and knows what they must hold, while what is under them
 * changes: {@code chain}, a throttled drive over a compressed image, is committed into that one;
 * {@code secret}, encrypted over a raw file and throttled with a group, is mirrored to an image
 * with another password; {@code packed}, a SCSI disk whose writes are compressed, is mirrored, too.
 * Then all are saved at one moment, and by increments. At the end what was saved is what the disks
 * hold, as qemu-img finds.
 */
@Tag("guest")
@Timeout(value = 10, unit = TimeUnit.MINUTES)
class LinuxImagesTest {
  private static final int DISK = 8 << 20;
  private static final int BLOCK = 4096;

  /** How qemu-img is told the passwords; {@code s1} is that of the copy. */
  private static final List<String> SECRETS =
      List.of("--object", "secret,id=s0,data=first", "--object", "secret,id=s1,data=second");

  private static final String SCRIPT =
      """
      named() { for d in /sys/block/vd*; do [ "$(cat $d/serial)" = $1 ] && basename $d; done; }
      i=0
      until [ -b /dev/sda ] || [ $i = 50 ]; do sleep 0.2; i=$((i + 1)); done
      control=/dev/$(named control)
      /load chain /dev/$(named chain) $control 1 & one=$!
      /load secret /dev/$(named secret) $control 2 & two=$!
      /load packed /dev/sda $control 3 & three=$!
      wait $one && wait $two && wait $three && echo "all disks verified"
      """;

  /** By the names of the filters on top. */
  private static final List<String> DISKS = List.of("chain", "secret", "packed");

  @TempDir private Path folder;
  private final Jobs jobs = new Jobs();

  @Test
  void disksHoldWhatTheGuestKnows() throws Exception {
    images();
    LinuxGuest guest = guest();
    Path console = folder.resolve("console");
    try (var machine = VirtualMachine.create(description(guest, console))) {
      machine.start();
      for (String disk : DISKS) {
        DiskWork.waitFor(console, "load " + disk + " runs");
      }
      BlockGraph graph = machine.blocks();
      BlockNode chain = active(graph, "chain");
      BlockNode base = Objects.requireNonNull(chain.behind());
      DiskWork.completed(
          jobs.start(MirrorJob.activeCommit(JobOptions.of("commit"), graph, chain, base)));
      mirrored(graph, "secret", secretOptions("secret2", "s1"), true);
      mirrored(graph, "packed", "driver=qcow2,file.filename=" + path("packed2"), false);
      assertThat(active(graph, "chain")).isEqualTo(base);
      saved(graph);
      increments(graph);
      Files.write(folder.resolve("control"), control(1));
      Shutdown end = machine.machine().awaitShutdown(8, TimeUnit.MINUTES);
      assertThat(end).as(() -> "the end of\n" + DiskWork.read(console)).isNotNull();
      increments(graph);
    }
    assertThat(DiskWork.read(console)).contains("all disks verified", ScriptedGuest.ENDED + "0");
    examine();
  }

  private static BlockNode active(BlockGraph graph, String disk) {
    return Objects.requireNonNull(Objects.requireNonNull(graph.find(disk)).filtered());
  }

  private void mirrored(BlockGraph graph, String disk, String copy, boolean writeBlocking)
      throws Exception {
    OptionSource options = OptionSource.of("", copy + ",file.driver=file", "driver");
    BlockNode target = graph.open(options, Access.write());
    var how = new Mirroring(MirrorJob.Sync.FULL, null, 0, writeBlocking, null);
    DiskWork.completed(
        jobs.start(new MirrorJob(JobOptions.of(disk), graph, active(graph, disk), target, how)));
    assertThat(active(graph, disk)).isEqualTo(target);
  }

  /** What all three are at one moment. */
  private void saved(BlockGraph graph) throws Exception {
    var all = new Transaction(graph, jobs, true);
    var backups = new ArrayList<BackupJob>();
    for (String disk : DISKS) {
      BlockNode source = active(graph, disk);
      BlockNode target = DiskWork.open(graph, folder.resolve(disk + ".saved"), "qcow2");
      var how = Saving.of(BackupJob.Sync.FULL);
      var backup = new BackupJob(JobOptions.of(disk), graph, source, target, how);
      backups.add(backup);
      all.addBitmap(source, "changes", 65536, false).backup(backup, source);
    }
    all.run();
    for (BackupJob backup : backups) {
      DiskWork.ended(backup);
    }
  }

  /** What has changed since is added to what was saved. */
  private void increments(BlockGraph graph) throws Exception {
    for (String disk : DISKS) {
      BlockNode source = active(graph, disk);
      DirtyBitmap changes = source.bitmaps().named("changes");
      assertThat(changes.count()).as("changes of " + disk).isPositive();
      BlockNode target = DiskWork.open(graph, folder.resolve(disk + ".saved"), "qcow2");
      DiskWork.ended(
          jobs.start(
              new BackupJob(
                  JobOptions.of(disk), graph, source, target, Saving.incremental(changes))));
    }
  }

  /** What qemu-img makes of all images. */
  private void examine() throws Exception {
    for (String image : List.of("chain", "base", "packed2")) {
      img("check", "-f", "qcow2", path(image));
    }
    img("check", secretOptions("secret2", "s1"));
    assertThat(img("check", "--output=json", "-f", "qcow2", path("packed2")))
        .as("clusters that the filter has compressed")
        .contains("\"compressed-clusters\": ");
    for (String disk : DISKS) {
      img("check", "-f", "qcow2", path(disk + ".saved"));
    }
    img("compare", "-f", "qcow2", "-F", "qcow2", path("base"), path("chain.saved"));
    img("compare", "-f", "qcow2", "-F", "qcow2", path("packed2"), path("packed.saved"));
    String saved = "driver=qcow2,file.filename=" + path("secret.saved");
    img("compare", secretOptions("secret2", "s1"), saved);
  }

  private void images() throws Exception {
    Files.write(folder.resolve("control"), control(0));
    Files.write(folder.resolve("pattern"), pattern());
    img("convert", "-c", "-f", "raw", "-O", "qcow2", path("pattern"), path("base"));
    create("chain", "backing_file=" + path("base") + ",backing_fmt=qcow2");
    String raw = "backing_file=" + path("pattern") + ",backing_fmt=raw";
    String encrypted = "encrypt.format=luks,encrypt.iter-time=10,encrypt.key-secret=";
    create("secret", raw + "," + encrypted + "s0");
    create("secret2", encrypted + "s1");
    create("packed", raw);
    create("packed2", "compression_type=zstd");
    for (String disk : DISKS) {
      create(disk + ".saved", "");
    }
  }

  private void create(String name, String options) throws Exception {
    String size = "size=" + DISK;
    String all = options.isEmpty() ? size : options + "," + size;
    img("create", "-q", "-f", "qcow2", "-o", all, path(name));
  }

  /** Version 0 of all blocks, as {@code load.c} says it. */
  private static byte[] pattern() {
    ByteBuffer bytes = ByteBuffer.allocate(DISK).order(ByteOrder.LITTLE_ENDIAN);
    for (int i = 0; i < DISK / 8; i++) {
      bytes.putLong(i / (BLOCK / 8) * 0x9e3779b97f4a7c15L + (i & 7));
    }
    return bytes.array();
  }

  /** A disk by which the guest is told to go on or to stop. */
  private static byte[] control(int first) {
    byte[] block = new byte[BLOCK];
    block[0] = (byte) first;
    return block;
  }

  private String path(String name) {
    return folder.resolve(name).toString();
  }

  private String img(String... words) throws Exception {
    var command = new ArrayList<>(List.of("qemu-img", words[0]));
    command.addAll(SECRETS);
    boolean options = List.of(words).stream().anyMatch(w -> w.startsWith("driver="));
    if (options) {
      command.add("--image-opts");
    }
    command.addAll(List.of(words).subList(1, words.length));
    Path said = folder.resolve("said");
    var builder =
        new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(said.toFile());
    int code = builder.start().waitFor();
    // It measures how fast it is by times that may be too short for the host to tell.
    for (int i = 0; i < 20 && Files.readString(said).contains("accurate CPU usage"); i++) {
      code = builder.start().waitFor();
    }
    assertThat(code).as(command + "\n" + Files.readString(said)).isZero();
    return Files.readString(said);
  }

  private String secretOptions(String image, String secret) {
    return "driver=qcow2,encrypt.format=luks,encrypt.key-secret="
        + secret
        + ",file.filename="
        + path(image);
  }

  private MachineDescription description(LinuxGuest guest, Path console) {
    return MachineDescription.of(DebianTarget.RISCV64.board())
        .ram(512L << 20)
        .cpus(2)
        .serial(SerialPort.parse("file:" + console))
        .object("secret,id=s0,data=first")
        .object("secret,id=s1,data=second")
        .object("throttle-group,id=few,limits.iops-total=1500")
        .object("throttle-group,id=slow,limits.bps-total=48M")
        .blockdev(
            "qcow2,node-name=chain0,discard=unmap,file.driver=file,file.filename=" + path("chain"))
        .blockdev("throttle,node-name=chain,throttle-group=few,file=chain0")
        .blockdev(
            "qcow2,node-name=secret0,discard=unmap,encrypt.format=luks,encrypt.key-secret=s0,"
                + "file.driver=file,file.filename="
                + path("secret"))
        .blockdev("throttle,node-name=secret,throttle-group=slow,file=secret0")
        .blockdev(
            "qcow2,node-name=packed0,discard=unmap,file.driver=file,file.filename="
                + path("packed"))
        .blockdev("compress,node-name=packed,file=packed0")
        .drive(
            Drive.parse(
                OptionSource.of(
                    "-drive", "if=none,id=d0,format=raw,readonly=on,file=" + path("control"), "")))
        .device("virtio-blk-device,drive=d0,serial=control")
        .device("virtio-blk-device,drive=chain,serial=chain,num-queues=2")
        .device("virtio-blk-device,drive=secret,serial=secret")
        .device("virtio-scsi-device,id=scsi0,num_queues=2")
        .device("scsi-hd,drive=packed,bus=scsi0.0")
        .boot(GuestRun.boot(guest))
        .build();
  }

  private LinuxGuest guest() throws Exception {
    var modules = new ArrayList<String>(ScriptedGuest.VIRTIO);
    modules.addAll(List.of("virtio_scsi", "sd_mod"));
    var script =
        new ScriptedGuest(
            DebianTarget.RISCV64.suite(),
            DebianTarget.RISCV64.architecture(),
            modules,
            SCRIPT,
            Map.of("load", GuestBinary.compiled("load/load.c", folder)));
    return new LinuxGuests(DebianPackages.fromEnvironment())
        .scripted(script, folder.resolve("initrd"), Progress.none());
  }
}
