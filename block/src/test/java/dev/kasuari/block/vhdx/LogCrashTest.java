package dev.kasuari.block.vhdx;

import static org.assertj.core.api.Assertions.assertThat;

import dev.kasuari.block.Preallocation;
import dev.kasuari.block.table.BlockMap;
import dev.kasuari.block.table.SparseDisk;
import dev.kasuari.block.table.TablePages;
import dev.kasuari.block.testing.RecordingNode;
import dev.kasuari.block.testing.TestImages;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.TestFactory;

/**
 * Cuts the power while pages go through the log, more of them than it holds at once: whoever
 * replays it finds the batches in their order, each whole or not at all. An image's own tables are
 * no such witness: entries of eight bytes are right in any mixture of old and new pages.
 */
@Tag("fast")
class LogCrashTest {
  private static final int FIRST = 8 << 20;
  private static final int PAGES = 300;
  private static final int LAST_WORD = TablePages.PAGE - 8;

  /** So many batches are on the medium. */
  private record Flushed(int batches) {}

  /** Value {@code value} went to these pages, all or none. */
  private record Batch(List<Integer> pages, long value) {}

  private final List<Batch> batches = new ArrayList<>();
  private long value;

  @TestFactory
  Stream<DynamicTest> aBatchIsThereWholeOrNotAtAll() {
    int seeds = Integer.getInteger("kasuari.block.seeds", 4);
    int first = Integer.getInteger("kasuari.block.seed", 1);
    return IntStream.range(first, first + seeds)
        .mapToObj(
            seed -> DynamicTest.dynamicTest("seed " + seed, () -> new LogCrashTest().run(seed)));
  }

  private void run(int seed) {
    var random = new Random(seed);
    var file = new RecordingNode(new byte[0]);
    TestImages.create("vhdx", file, 1 << 20, "log_size=1M,block_size=1M");
    file.truncate(FIRST + PAGES * TablePages.PAGE, Preallocation.OFF);
    byte[] start = file.content();
    file.events.clear();
    for (int session = 0; session < 2; session++) {
      change(file, random);
    }
    int cuts = Integer.getInteger("kasuari.block.cuts", 20);
    for (int i = 0; i < cuts; i++) {
      int cut = 1 + random.nextInt(file.events.size());
      var left = new RecordingNode(file.afterCut(start, cut, new Random(random.nextLong())));
      examine(left, file.events.subList(0, cut));
    }
  }

  private void change(RecordingNode file, Random random) {
    var log = new Log(file, Header.read(file));
    var pages = new TablePages(file, ByteOrder.LITTLE_ENDIAN);
    try (var disk = new SparseDisk(file, 1 << 20, new Logged(log), pages, null)) {
      for (int i = 0; i < 8; i++) {
        value = random.nextLong();
        int count = 1 + random.nextInt(random.nextBoolean() ? 5 : 250);
        for (int page : random.ints(0, PAGES).distinct().limit(count).toArray()) {
          pages.setLong(offset(page), value);
          pages.setLong(offset(page) + LAST_WORD, value);
        }
        disk.commit();
        if (random.nextBoolean()) {
          disk.flush();
          file.note(new Flushed(batches.size()));
        }
      }
      disk.flush();
      file.note(new Flushed(batches.size()));
      log.end();
    }
  }

  private static long offset(int page) {
    return FIRST + (long) page * TablePages.PAGE;
  }

  /** Tables of which only the way to the file matters. */
  private final class Logged implements BlockMap {
    private final Log log;

    Logged(Log log) {
      this.log = log;
    }

    @Override
    public Entry get(long index) {
      return Entry.ZERO;
    }

    @Override
    public long place(long index) {
      throw new UnsupportedOperationException();
    }

    @Override
    public void link(long index, long offset) {
      throw new UnsupportedOperationException();
    }

    @Override
    public void writeLinks(List<TablePages.Copy> changed) {
      for (int i = 0; i < changed.size(); i += Log.MOST_PAGES) {
        List<Integer> batch =
            changed.subList(i, Math.min(changed.size(), i + Log.MOST_PAGES)).stream()
                .map(page -> (int) ((page.offset() - FIRST) / TablePages.PAGE))
                .toList();
        batches.add(new Batch(batch, value));
      }
      log.write(changed);
    }
  }

  private void examine(RecordingNode left, List<RecordingNode.Event> before) {
    var header = Header.read(left);
    if (header.logged()) {
      new Log(left, header).replay();
    }
    int flushed = 0;
    for (RecordingNode.Event event : before) {
      if (event instanceof RecordingNode.Note(Flushed(int count))) {
        flushed = count;
      }
    }
    ByteBuffer content = ByteBuffer.wrap(left.content()).order(ByteOrder.LITTLE_ENDIAN);
    var found = new long[PAGES];
    for (int page = 0; page < PAGES; page++) {
      found[page] = content.getLong((int) offset(page));
      assertThat(content.getLong((int) offset(page) + LAST_WORD))
          .as("last word of page " + page)
          .isEqualTo(found[page]);
    }
    assertThat(done(found)).as("whole batches").isGreaterThanOrEqualTo(flushed);
  }

  /** After how many batches, at most, all pages are like these; -1 if they never are. */
  private int done(long[] found) {
    int done = -1;
    var pages = new long[PAGES];
    for (int count = 0; count <= batches.size(); count++) {
      if (count > 0) {
        Batch batch = batches.get(count - 1);
        batch.pages.forEach(page -> pages[page] = batch.value);
      }
      if (Arrays.equals(pages, found)) {
        done = count;
      }
    }
    return done;
  }
}
