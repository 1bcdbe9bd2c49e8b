package dev.kasuari.block.job;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.kasuari.block.Access;
import dev.kasuari.block.BlockException;
import dev.kasuari.block.BlockGraph;
import dev.kasuari.block.BlockNode;
import dev.kasuari.block.Child;
import dev.kasuari.block.ImageNode;
import dev.kasuari.block.Permission;
import dev.kasuari.block.Root;
import dev.kasuari.block.bitmap.DirtyBitmap;
import dev.kasuari.block.filter.CopyBeforeWriteNode;
import dev.kasuari.block.job.BackupJob.Saving;
import dev.kasuari.block.job.JobOptions.OnError;
import dev.kasuari.block.job.MirrorJob.Mirroring;
import dev.kasuari.block.testing.TestImages;
import dev.kasuari.qapi.OptionSource;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Objects;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Jobs on disks that several threads write to meanwhile. */
@Tag("fast")
@EnabledOnOs(OS.LINUX)
@Timeout(120)
class JobTest {
  private static final int SIZE = 24 << 20;
  private static final long SEED = Long.getLong("kasuari.block.seed", System.nanoTime());

  @TempDir Path folder;
  private final BlockGraph graph = new BlockGraph();
  private final Jobs jobs = new Jobs();
  private final List<Child> kept = new ArrayList<>();
  private final List<String> seen = Collections.synchronizedList(new ArrayList<>());
  private final byte[] disk = new byte[SIZE];

  JobTest() {
    System.out.println("jobs: -Dkasuari.block.seed=" + SEED);
    new Random(SEED).nextBytes(disk);
    Arrays.fill(disk, SIZE / 3, SIZE / 2, (byte) 0);
    jobs.listen(
        new JobListener() {
          @Override
          public void statusChanged(Job job, JobStatus status) {
            seen.add(status.name());
          }
        });
  }

  @AfterEach
  void nothingIsLeft() throws InterruptedException {
    for (int i = 0; i < 1000 && !jobs.all().isEmpty(); i++) {
      Thread.sleep(5); // a concluded job is about to be dismissed
    }
    assertThat(jobs.all()).isEmpty();
    kept.reversed().forEach(graph::release);
    assertThat(graph.nodes()).isEmpty();
  }

  private Path base() throws IOException {
    return Files.write(folder.resolve("base"), disk);
  }

  private Path overlay(String name, Path backing, String format) throws IOException {
    Path path = folder.resolve(name);
    TestImages.create("qcow2", path, SIZE, "backing_file=" + backing + ",backing_fmt=" + format);
    return path;
  }

  private Path empty(String name) throws IOException {
    Path path = folder.resolve(name);
    TestImages.create("qcow2", path, SIZE, "");
    return path;
  }

  private BlockNode open(Path path, String format, Access access) {
    return graph.openFile("", path.toString(), format, access);
  }

  private BlockNode options(String text) {
    return graph.open(OptionSource.of("", text, "driver"), Access.write());
  }

  private BlockNode keep(BlockNode node) {
    kept.add(graph.use("keep", node, Permission.none(), Permission.all()));
    return node;
  }

  private static void ended(Job job) throws InterruptedException {
    assertThat(job.await(60, TimeUnit.SECONDS).ended()).isTrue();
    if (job.error() != null) {
      throw new AssertionError(job + " failed", job.error());
    }
  }

  private static void ready(Job job) throws InterruptedException {
    assertThat(job.await(60, TimeUnit.SECONDS, JobStatus.READY)).isEqualTo(JobStatus.READY);
  }

  private void fileHolds(Path path, String format, byte[] expected) {
    TestImages.with(
        format,
        path,
        Access.read(),
        node -> assertThat(TestImages.firstDifference(node, expected)).isEqualTo(-1));
  }

  private BlockNode backing(BlockNode node) {
    return Objects.requireNonNull(node.behind());
  }

  @Test
  void streamMakesAnImageStandAlone() throws Exception {
    Path mid = overlay("mid", base(), "raw");
    Path top = overlay("top", mid, "qcow2");
    try (Root root = Root.of(graph, "guest", open(top, "qcow2", Access.write()));
        var load = new Load(root, disk, SEED)) {
      load.start();
      ended(jobs.start(new StreamJob(JobOptions.of("s"), graph, root.node(), null, null)));
      Thread.sleep(50);
      load.stop();
      load.check();
      assertThat(root.node().behind()).isNull();
      assertThat(graph.nodes()).hasSize(2);
      assertThat(((ImageNode) root.node()).facts().backingFile()).isNull();
    }
    Files.delete(mid);
    Files.delete(folder.resolve("base"));
    fileHolds(top, "qcow2", disk);
    assertThat(seen).containsExactly("RUNNING", "CONCLUDED", "NULL");
  }

  @Test
  void streamDownToABaseLeavesThatBehindIt() throws Exception {
    Path base = base();
    Path mid = overlay("mid", base, "raw");
    Path top = overlay("top", mid, "qcow2");
    TestImages.with(
        "qcow2",
        mid,
        Access.write(),
        node -> {
          new Random(5).nextBytes(disk);
          TestImages.write(node, 1 << 20, disk, 1 << 20, 1 << 20);
          System.arraycopy(TestImages.read(node, 0, SIZE), 0, disk, 0, SIZE);
        });
    try (Root root = Root.of(graph, "guest", open(top, "qcow2", Access.write()));
        var load = new Load(root, disk, SEED)) {
      load.start();
      BlockNode bottom = backing(backing(root.node()));
      ended(jobs.start(new StreamJob(JobOptions.of("s"), graph, root.node(), bottom, null)));
      load.stop();
      load.check();
      assertThat(backing(root.node())).isEqualTo(bottom);
    }
    Files.delete(mid);
    fileHolds(top, "qcow2", disk);
  }

  @Test
  void commitWritesImagesIntoTheirBase() throws Exception {
    Path base = base();
    Path mid = overlay("mid", base, "raw");
    TestImages.with(
        "qcow2",
        mid,
        Access.write(),
        node -> {
          byte[] noise = new byte[SIZE];
          new Random(6).nextBytes(noise);
          TestImages.write(node, 3 << 20, noise, 3 << 20, 4 << 20);
          node.writeZeroes(9 << 20, 1 << 20, false);
          System.arraycopy(TestImages.read(node, 0, SIZE), 0, disk, 0, SIZE);
        });
    Path top = overlay("top", mid, "qcow2");
    try (Root root = Root.of(graph, "guest", open(top, "qcow2", Access.write()));
        var load = new Load(root, disk, SEED)) {
      load.start();
      BlockNode middle = backing(root.node());
      BlockNode bottom = backing(middle);
      assertThatThrownBy(
              () -> jobs.start(new CommitJob(JobOptions.of("c"), graph, root.node(), bottom, null)))
          .hasMessageContaining("is used by guest itself");
      ended(jobs.start(new CommitJob(JobOptions.of("c"), graph, middle, bottom, null)));
      load.stop();
      load.check();
      assertThat(backing(root.node())).isEqualTo(bottom);
      assertThat(bottom.writable()).isFalse();
    }
    Files.delete(mid);
    fileHolds(top, "qcow2", disk);
  }

  @Test
  void activeCommitHasTheGuestGoOnInTheBase() throws Exception {
    Path base = base();
    Path top = overlay("top", overlay("mid", base, "raw"), "qcow2");
    try (Root root = Root.of(graph, "guest", open(top, "qcow2", Access.write()));
        var load = new Load(root, disk, SEED)) {
      load.start();
      BlockNode active = root.node();
      BlockNode bottom = backing(backing(active));
      MirrorJob job = jobs.start(MirrorJob.activeCommit(JobOptions.of("c"), graph, active, bottom));
      ready(job);
      assertThat(root.node()).isEqualTo(active);
      job.complete();
      ended(job);
      assertThat(root.node()).isEqualTo(bottom);
      Thread.sleep(50);
      load.stop();
      load.check();
      assertThat(graph.nodes()).hasSize(2);
    }
    fileHolds(base, "raw", disk);
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void mirrorHasTheGuestGoOnInTheCopy(boolean writeBlocking) throws Exception {
    Path top = overlay("top", base(), "raw");
    Path copy = empty("copy");
    try (Root root = Root.of(graph, "guest", open(top, "qcow2", Access.write()));
        var load = new Load(root, disk, SEED)) {
      load.start();
      BlockNode target = open(copy, "qcow2", Access.write());
      var how = new Mirroring(MirrorJob.Sync.FULL, null, 0, writeBlocking, null);
      MirrorJob job =
          jobs.start(new MirrorJob(JobOptions.of("m"), graph, root.node(), target, how));
      ready(job);
      Thread.sleep(100);
      job.complete();
      ended(job);
      assertThat(root.node()).isEqualTo(target);
      Thread.sleep(50);
      load.stop();
      load.check();
    }
    fileHolds(copy, "qcow2", disk);
    assertThat(seen).contains("READY").endsWith("CONCLUDED", "NULL");
  }

  @Test
  void aReadyMirrorThatIsCancelledLeavesACopy() throws Exception {
    Path base = base();
    Path copy = empty("copy");
    try (Root root = Root.of(graph, "guest", open(base, "raw", Access.write()));
        var load = new Load(root, disk, SEED)) {
      BlockNode source = root.node();
      load.start();
      MirrorJob job =
          jobs.start(
              new MirrorJob(
                  JobOptions.of("m"),
                  graph,
                  source,
                  open(copy, "qcow2", Access.write()),
                  Mirroring.of(MirrorJob.Sync.FULL)));
      ready(job);
      load.stop();
      job.cancel();
      ended(job);
      assertThat(root.node()).isEqualTo(source);
      fileHolds(copy, "qcow2", disk);
    }
  }

  @Test
  void backupIsOfTheMomentItBegan() throws Exception {
    Path base = base();
    Path copy = empty("copy");
    try (Root root = Root.of(graph, "guest", open(base, "raw", Access.write()));
        var load = new Load(root, disk, SEED)) {
      load.start();
      Thread.sleep(30);
      load.stop();
      byte[] then = disk.clone();
      BackupJob job =
          jobs.start(
              new BackupJob(
                  JobOptions.of("b"),
                  graph,
                  root.node(),
                  open(copy, "qcow2", Access.write()),
                  Saving.of(BackupJob.Sync.FULL)));
      load.start();
      ended(job);
      load.stop();
      load.check();
      fileHolds(copy, "qcow2", then);
      assertThat(disk).isNotEqualTo(then);
    }
  }

  /** What works beneath a filter that compresses sees what that one writes. */
  @Test
  void jobsSeeWhatIsWrittenCompressed() throws Exception {
    Path top = overlay("top", base(), "raw");
    Path saved = empty("saved");
    Path copy = empty("copy");
    String options = "compress,file.driver=qcow2,file.file.driver=file,file.file.filename=" + top;
    try (Root root = Root.of(graph, "guest", options(options));
        var load = new Load(root, disk, SEED)) {
      BlockNode source = Objects.requireNonNull(root.node().filtered());
      byte[] then = disk.clone();
      var backup =
          new BackupJob(
              JobOptions.of("b"),
              graph,
              source,
              open(saved, "qcow2", Access.write()),
              Saving.of(BackupJob.Sync.FULL));
      new Transaction(graph, jobs, false)
          .addBitmap(source, "b", 65536, false)
          .backup(backup, source)
          .run();
      load.start();
      ended(backup);
      fileHolds(saved, "qcow2", then);
      load.stop();
      DirtyBitmap bitmap = source.bitmaps().named("b");
      assertThat(bitmap.count()).isPositive();
      then = disk.clone();
      BlockNode target = open(saved, "qcow2", Access.write());
      var part =
          new BackupJob(JobOptions.of("part"), graph, source, target, Saving.incremental(bitmap));
      jobs.start(part);
      load.start();
      ended(part);
      fileHolds(saved, "qcow2", then);
      mirroredUnderFilter(root, source, copy);
      load.stop();
      load.check();
    }
    fileHolds(copy, "qcow2", disk);
  }

  private void mirroredUnderFilter(Root root, BlockNode source, Path copy) throws Exception {
    BlockNode target = open(copy, "qcow2", Access.write());
    var how = new Mirroring(MirrorJob.Sync.FULL, null, 0, true, null);
    MirrorJob job = jobs.start(new MirrorJob(JobOptions.of("m"), graph, source, target, how));
    ready(job);
    Thread.sleep(100);
    job.complete();
    ended(job);
    assertThat(root.node().filtered()).isEqualTo(target);
    Thread.sleep(50);
  }

  @Test
  void incrementalBackupsAddUpToTheDisk() throws Exception {
    Path base = base();
    Path full = empty("full");
    Path first = overlay("first", full, "qcow2");
    Path second = overlay("second", first, "qcow2");
    try (Root root = Root.of(graph, "guest", open(base, "raw", Access.write()));
        var load = new Load(root, disk, SEED)) {
      BlockNode source = root.node();
      var all =
          new BackupJob(
              JobOptions.of("full"),
              graph,
              source,
              open(full, "qcow2", Access.write()),
              Saving.of(BackupJob.Sync.FULL));
      new Transaction(graph, jobs, false)
          .addBitmap(source, "b", 65536, false)
          .backup(all, source)
          .run();
      load.start();
      ended(all);
      for (Path path : List.of(first, second)) {
        load.stop();
        byte[] then = disk.clone();
        DirtyBitmap bitmap = source.bitmaps().named("b");
        BlockNode target = open(path, "qcow2", Access.write());
        var part =
            new BackupJob(JobOptions.of("part"), graph, source, target, Saving.incremental(bitmap));
        jobs.start(part);
        load.start();
        ended(part);
        fileHolds(path, "qcow2", then);
      }
      load.stop();
      load.check();
    }
  }

  @Test
  void aBackupThatFailsLeavesTheBitmapAsItWas() throws Exception {
    Path base = base();
    Path copy = empty("copy");
    try (Root root = Root.of(graph, "guest", open(base, "raw", Access.write()))) {
      BlockNode source = root.node();
      source.bitmaps().add("b", 65536, false, SIZE);
      TestImages.write(source, 5 << 20, disk, 5 << 20, 1 << 20);
      DirtyBitmap bitmap = source.bitmaps().named("b");
      long dirty = bitmap.count();
      BlockNode target =
          options(
              "blkdebug,inject-error.0.event=none,inject-error.0.iotype=write,image.driver=qcow2,"
                  + "image.file.driver=file,image.file.filename="
                  + copy);
      BackupJob job =
          new BackupJob(
              JobOptions.of("b").withAuto(true, false),
              graph,
              source,
              target,
              Saving.incremental(bitmap));
      jobs.start(job);
      assertThat(job.await(30, TimeUnit.SECONDS)).isEqualTo(JobStatus.CONCLUDED);
      assertThat(job.error()).hasMessage("Input/output error");
      assertThat(bitmap.count()).isEqualTo(dirty);
      assertThat(bitmap.busy()).isFalse();
      job.dismiss();
    }
    assertThat(seen).containsExactly("RUNNING", "ABORTING", "CONCLUDED", "NULL");
  }

  @Test
  void aJobStandsForAnErrorAndGoesOn() throws Exception {
    Path base = base();
    Path copy = empty("copy");
    try (Root root = Root.of(graph, "guest", open(base, "raw", Access.write()));
        var load = new Load(root, disk, SEED)) {
      BlockNode target =
          options(
              "blkdebug,inject-error.0.event=none,inject-error.0.iotype=write,"
                  + "inject-error.0.once=on,inject-error.0.errno=28,image.driver=qcow2,"
                  + "image.file.driver=file,image.file.filename="
                  + copy);
      MirrorJob job =
          new MirrorJob(
              JobOptions.of("m").withErrors(OnError.REPORT, OnError.ENOSPC),
              graph,
              root.node(),
              target,
              Mirroring.of(MirrorJob.Sync.FULL));
      jobs.start(job);
      load.start();
      assertThat(job.await(30, TimeUnit.SECONDS, JobStatus.PAUSED)).isEqualTo(JobStatus.PAUSED);
      assertThat(job.stoppedByError()).isTrue();
      job.resume();
      ready(job);
      job.complete();
      ended(job);
      load.stop();
      load.check();
    }
    fileHolds(copy, "qcow2", disk);
  }

  @Test
  void aGuestGoesOnWhoseBackupIsBroken() throws Exception {
    Path base = base();
    Path copy = empty("copy");
    try (Root root = Root.of(graph, "guest", open(base, "raw", Access.write()));
        var load = new Load(root, disk, SEED)) {
      BlockNode target =
          options(
              "blkdebug,inject-error.0.event=none,inject-error.0.iotype=write,image.driver=qcow2,"
                  + "image.file.driver=file,image.file.filename="
                  + copy);
      var how =
          new Saving(
              BackupJob.Sync.NONE,
              null,
              BackupJob.BitmapMode.ON_SUCCESS,
              false,
              CopyBeforeWriteNode.OnError.BREAK_SNAPSHOT);
      BackupJob job =
          jobs.start(new BackupJob(JobOptions.of("b"), graph, root.node(), target, how));
      load.start();
      assertThat(job.await(30, TimeUnit.SECONDS).ended()).isTrue();
      assertThat(job.error()).hasMessage("Input/output error");
      load.stop();
      load.check();
    }
  }

  @Test
  void aJobIsSlowedPausedAndCancelled() throws Exception {
    Path base = base();
    Path copy = empty("copy");
    try (Root root = Root.of(graph, "guest", open(base, "raw", Access.write()));
        var load = new Load(root, disk, SEED)) {
      load.start();
      BlockNode source = root.node();
      MirrorJob job =
          jobs.start(
              new MirrorJob(
                  JobOptions.of("m").withSpeed(4 << 20),
                  graph,
                  source,
                  open(copy, "qcow2", Access.write()),
                  Mirroring.of(MirrorJob.Sync.FULL)));
      assertThatThrownBy(job::complete).hasMessageContaining("cannot be completed");
      assertThatThrownBy(job::resume).hasMessageContaining("was not paused");
      Thread.sleep(300);
      job.pause();
      assertThat(job.await(10, TimeUnit.SECONDS, JobStatus.PAUSED)).isEqualTo(JobStatus.PAUSED);
      Job.Progress then = job.progress();
      assertThat(then.offset()).isBetween(1L, SIZE / 2L);
      Thread.sleep(100);
      assertThat(job.progress().offset()).isEqualTo(then.offset());
      job.resume();
      job.cancel();
      assertThat(job.await(10, TimeUnit.SECONDS).ended()).isTrue();
      assertThat(root.node()).isEqualTo(source);
      assertThat(source.bitmaps().all()).isEmpty();
      load.stop();
      load.check();
    }
  }

  @Test
  void aGroupHasAllItsResultsOrNone() throws Exception {
    Path base = base();
    Path other = Files.write(folder.resolve("other"), disk);
    try (Root one = Root.of(graph, "guest", open(base, "raw", Access.write()));
        Root two = Root.of(graph, "guest", open(other, "raw", Access.write()))) {
      BlockNode good = open(empty("good"), "qcow2", Access.write());
      BlockNode bad =
          options(
              "blkdebug,inject-error.0.event=none,inject-error.0.iotype=write,image.driver=qcow2,"
                  + "image.file.driver=file,image.file.filename="
                  + empty("bad"));
      var first =
          new BackupJob(
              JobOptions.of("1"), graph, one.node(), good, Saving.of(BackupJob.Sync.FULL));
      var second =
          new BackupJob(JobOptions.of("2"), graph, two.node(), bad, Saving.of(BackupJob.Sync.FULL));
      new Transaction(graph, jobs, true).backup(first, one.node()).backup(second, two.node()).run();
      assertThat(first.await(30, TimeUnit.SECONDS).ended()).isTrue();
      assertThat(second.await(30, TimeUnit.SECONDS).ended()).isTrue();
      assertThat(second.error()).hasMessage("Input/output error");
      assertThat(first.wasCancelled()).isTrue();
    }
  }

  @Test
  void snapshotsAreTakenTogetherOrNotAtAll() throws Exception {
    Path base = base();
    Path other = Files.write(folder.resolve("other"), disk);
    try (Root one = Root.of(graph, "guest", open(base, "raw", Access.write()));
        Root two = Root.of(graph, "guest", open(other, "raw", Access.write()));
        var load = new Load(one, disk, SEED)) {
      load.start();
      BlockNode first = one.node();
      BlockNode second = two.node();
      BlockNode overlay =
          keep(
              graph.openFile(
                  "",
                  overlay("top", base, "raw").toString(),
                  "qcow2",
                  Access.write().withBacking(false)));
      var fails =
          new Transaction(graph, jobs, true)
              .snapshot(first, overlay)
              .addBitmap(second, "b", 65536, false)
              .addBitmap(second, "b", 65536, false);
      assertThatThrownBy(fails::run)
          .isInstanceOf(BlockException.class)
          .hasMessageContaining("exists");
      assertThat(one.node()).isEqualTo(first);
      assertThat(first.writable()).isTrue();
      assertThat(second.bitmaps().all()).isEmpty();
      Thread.sleep(20);
      load.stop();
      byte[] then = disk.clone();
      new Transaction(graph, jobs, true)
          .snapshot(first, overlay)
          .addBitmap(second, "b", 65536, false)
          .run();
      load.start();
      Thread.sleep(50);
      load.stop();
      load.check();
      assertThat(one.node()).isEqualTo(overlay);
      assertThat(TestImages.firstDifference(first, then)).isEqualTo(-1);
      assertThat(second.bitmaps().all()).hasSize(1);
    }
  }

  /** What an image keeps of its bitmaps is kept when it becomes a backing file, too. */
  @Test
  void aSnapshotKeepsTheBitmapsOfTheImageUnderIt() throws Exception {
    Path below = empty("below");
    try (Root root = Root.of(graph, "guest", open(below, "qcow2", Access.write()))) {
      BlockNode image = root.node();
      image.bitmaps().add("kept", 65536, true, SIZE);
      TestImages.write(image, 1 << 20, disk, 1 << 20, 1 << 20);
      BlockNode top =
          graph.openFile(
              "",
              overlay("top", below, "qcow2").toString(),
              "qcow2",
              Access.write().withBacking(false));
      new Transaction(graph, jobs, true).snapshot(image, top).run();
      TestImages.write(root.node(), 4 << 20, disk, 4 << 20, 1 << 20);
      assertThat(image.bitmaps().named("kept").count()).isEqualTo(1 << 20);
      MirrorJob job = jobs.start(MirrorJob.activeCommit(JobOptions.of("c"), graph, top, image));
      ready(job);
      job.complete();
      ended(job);
      assertThat(root.node()).isEqualTo(image);
      assertThat(image.bitmaps().named("kept").count()).isEqualTo(2 << 20);
    }
    TestImages.with(
        "qcow2",
        below,
        Access.read(),
        node -> assertThat(node.bitmaps().named("kept").count()).isEqualTo(2 << 20));
  }
}
