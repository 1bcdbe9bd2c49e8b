package dev.kasuari.it;

import static org.assertj.core.api.Assertions.assertThat;

import dev.kasuari.block.Access;
import dev.kasuari.block.BlockGraph;
import dev.kasuari.block.BlockNode;
import dev.kasuari.block.job.Job;
import dev.kasuari.block.job.JobStatus;
import dev.kasuari.block.job.MirrorJob;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;

/** What is done to disks while a guest uses them, and what the guest says of it. */
final class DiskWork {
  private DiskWork() {}

  /** Opens a target of a job. */
  static BlockNode open(BlockGraph graph, Path path, String format) {
    return graph.openFile("", path.toString(), format, Access.write());
  }

  /** Waits until a job has ended well. */
  static void ended(Job job) throws InterruptedException {
    assertThat(job.await(2, TimeUnit.MINUTES).ended()).isTrue();
    assertThat((Throwable) job.error()).isNull();
  }

  /** Waits until there is a copy of all, and has the guest go on in it. */
  static void completed(MirrorJob job) throws InterruptedException {
    assertThat(job.await(2, TimeUnit.MINUTES, JobStatus.READY)).isEqualTo(JobStatus.READY);
    job.complete();
    ended(job);
  }

  /** Waits until the guest has said something. */
  static void waitFor(Path console, String text) throws Exception {
    long end = System.nanoTime() + TimeUnit.MINUTES.toNanos(5);
    while (!read(console).contains(text)) {
      assertThat(System.nanoTime())
          .as(() -> "waiting for " + text + "\n" + read(console))
          .isLessThan(end);
      Thread.sleep(20);
    }
  }

  /** What the guest has said. */
  static String read(Path console) {
    try {
      return Files.exists(console) ? Files.readString(console) : "";
    } catch (IOException e) {
      return e.toString();
    }
  }
}
