package dev.kasuari.it;

import static org.assertj.core.api.Assertions.assertThat;

import dev.kasuari.block.Access;
import dev.kasuari.block.BlockGraph;
import dev.kasuari.block.BlockNode;
import dev.kasuari.block.Drivers;
import dev.kasuari.block.ImageCreator;
import dev.kasuari.block.Root;
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
import dev.kasuari.vm.MachineDescription;
import dev.kasuari.vm.SerialPort;
import dev.kasuari.vm.VirtualMachine;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * Debian's kernel writes to a throttled qcow2 disk with a backing file and reads back what it
 * wrote, while the disk is backed up, mirrored and committed into its base.
 */
@Tag("guest")
@Timeout(value = 10, unit = TimeUnit.MINUTES)
class LinuxDiskJobsTest {
  private static final int MIB = 1 << 20;
  private static final int NOISE = 4 * MIB;
  private static final int ROUNDS = 12;
  private static final int DISK = 64 * MIB;

  @TempDir private Path folder;
  private final Jobs jobs = new Jobs();

  private static String script() {
    return """
    i=0
    while [ $i -lt %d ]; do
      dd if=/noise of=/dev/vda bs=1M seek=$((i * 4)) conv=notrunc 2>/dev/null && sync
      echo 3 > /proc/sys/vm/drop_caches
      dd if=/dev/vda bs=1M skip=$((i * 4)) count=4 2>/dev/null | cmp - /noise && echo "verified $i."
      i=$((i + 1))
    done
    """
        .formatted(ROUNDS);
  }

  @Test
  void aGuestDoesNotNoticeWhatIsDoneToItsDisk() throws Exception {
    byte[] noise = new byte[NOISE];
    new Random(20260202).nextBytes(noise);
    LinuxGuest guest = guest(noise);
    Path console = folder.resolve("console");
    Path base = raw("base");
    Path disk = qcow2("disk", base);
    MachineDescription description =
        MachineDescription.of(DebianTarget.RISCV64.board())
            .ram(512L << 20)
            .cpus(2)
            .serial(SerialPort.parse("file:" + console))
            .object("throttle-group,id=slow,limits.bps-total=24M")
            .blockdev("qcow2,node-name=disk,file.driver=file,file.filename=" + disk)
            .blockdev("throttle,node-name=top,throttle-group=slow,file=disk")
            .device("virtio-blk-device,drive=top")
            .boot(GuestRun.boot(guest))
            .build();
    try (var machine = VirtualMachine.create(description)) {
      machine.start();
      BlockGraph graph = machine.blocks();
      BlockNode top = Objects.requireNonNull(graph.find("top"));
      DiskWork.waitFor(console, "verified 0.");
      BlockNode active = Objects.requireNonNull(top.filtered());
      BlockNode full = DiskWork.open(graph, raw("full"), "raw");
      var backup =
          new BackupJob(JobOptions.of("full"), graph, active, full, Saving.of(BackupJob.Sync.FULL));
      new Transaction(graph, jobs, true)
          .addBitmap(active, "changes", 65536, false)
          .backup(backup, active)
          .run();
      DiskWork.ended(backup);
      DiskWork.waitFor(console, "verified 3.");
      incremental(graph, active, folder.resolve("full"), noise);
      mirrored(graph, top, active);
      BlockNode copy = Objects.requireNonNull(top.filtered());
      DiskWork.waitFor(console, "verified 7.");
      committed(graph, top, copy);
      Shutdown end = machine.machine().awaitShutdown(8, TimeUnit.MINUTES);
      assertThat(end).as(() -> "the end of\n" + DiskWork.read(console)).isNotNull();
      holds(top, noise);
    }
    assertThat(DiskWork.read(console))
        .contains("verified " + (ROUNDS - 1) + ".", ScriptedGuest.ENDED + "0");
  }

  /** What changed since the full backup is added to it; both are of one moment then. */
  private void incremental(BlockGraph graph, BlockNode active, Path full, byte[] noise)
      throws Exception {
    DirtyBitmap bitmap = active.bitmaps().named("changes");
    assertThat(bitmap.count()).isPositive();
    BlockNode target = DiskWork.open(graph, full, "raw");
    var part =
        jobs.start(
            new BackupJob(
                JobOptions.of("part"), graph, active, target, Saving.incremental(bitmap)));
    DiskWork.ended(part);
    byte[] saved = new byte[3 * NOISE];
    try (var file = new RandomAccessFile(full.toFile(), "r")) {
      file.readFully(saved);
    }
    for (int i = 0; i < 3; i++) {
      byte[] round = Arrays.copyOfRange(saved, i * NOISE, (i + 1) * NOISE);
      assertThat(Arrays.mismatch(round, noise)).as("round " + i).isEqualTo(-1);
    }
    active.bitmaps().remove("changes");
  }

  private void mirrored(BlockGraph graph, BlockNode top, BlockNode active) throws Exception {
    BlockNode target = DiskWork.open(graph, qcow2("copy", folder.resolve("base")), "qcow2");
    MirrorJob job =
        jobs.start(
            new MirrorJob(
                JobOptions.of("mirror"), graph, active, target, Mirroring.of(MirrorJob.Sync.FULL)));
    DiskWork.completed(job);
    assertThat(top.filtered()).isEqualTo(target);
  }

  private void committed(BlockGraph graph, BlockNode top, BlockNode copy) throws Exception {
    BlockNode base = Objects.requireNonNull(copy.behind());
    MirrorJob job = jobs.start(MirrorJob.activeCommit(JobOptions.of("commit"), graph, copy, base));
    DiskWork.completed(job);
    assertThat(top.filtered()).isEqualTo(base);
  }

  private static void holds(BlockNode node, byte[] noise) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment bytes = arena.allocate(NOISE);
      for (int i = 0; i < ROUNDS; i++) {
        node.read((long) i * NOISE, bytes);
        assertThat(bytes.mismatch(MemorySegment.ofArray(noise))).as("round " + i).isEqualTo(-1);
      }
    }
  }

  private Path raw(String name) throws IOException {
    Path file = folder.resolve(name);
    try (var disk = new RandomAccessFile(file.toFile(), "rw")) {
      disk.setLength(DISK);
    }
    return file;
  }

  private Path qcow2(String name, Path backing) throws IOException {
    Path path = Files.write(folder.resolve(name), new byte[0]);
    var graph = new BlockGraph();
    BlockNode file = graph.openFile("", path.toString(), "file", Access.write());
    try (Root root = Root.of(graph, "test", file)) {
      create(Drivers.named("", "qcow2").creator(), root.node(), backing);
    }
    return path;
  }

  private static <O> void create(@Nullable ImageCreator<O> creator, BlockNode file, Path backing) {
    ImageCreator<O> qcow2 = Objects.requireNonNull(creator);
    String options = "backing_file=" + backing + ",backing_fmt=raw";
    qcow2.create(file, DISK, qcow2.options().parse(OptionSource.of("", options, "")));
  }

  private LinuxGuest guest(byte[] noise) throws IOException {
    var script =
        new ScriptedGuest(
            DebianTarget.RISCV64.suite(),
            DebianTarget.RISCV64.architecture(),
            ScriptedGuest.VIRTIO,
            script(),
            Map.of("noise", noise));
    return new LinuxGuests(DebianPackages.fromEnvironment())
        .scripted(script, folder.resolve("initrd"), Progress.none());
  }
}
