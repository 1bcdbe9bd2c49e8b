package dev.kasuari.tcg;

import static org.assertj.core.api.Assertions.assertThat;

import dev.kasuari.host.RawMemory;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.LongSupplier;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Units are found again as they were, and nothing else is found. */
@Tag("fast")
class CodeArchiveTest {
  private static final int ENOUGH = 200;
  private static final long MODE = 0x1234_5678_9abcL;

  @TempDir Path folder;
  private final Arena arena = Arena.ofConfined();
  private final MemorySegment page = arena.allocate(4096, 4096);
  private final List<String> troubles = new ArrayList<>();

  @AfterEach
  void end() {
    arena.close();
  }

  private CodeArchive open(String key) {
    return new CodeArchive(folder.resolve("code"), key, CodeArchive.Use.RUN, troubles::add);
  }

  private CodeArchive open(String key, long limit, LongSupplier clock) {
    return new CodeArchive(
        folder.resolve("code"), key, CodeArchive.Use.RUN, limit, clock, troubles::add);
  }

  private Path file() throws IOException {
    try (Stream<Path> files = Files.list(folder.resolve("code"))) {
      return files.filter(f -> f.toString().endsWith(".code")).findFirst().orElseThrow();
    }
  }

  /** Guest code of a unit, by its number: where in the page it lies, and how long it is. */
  private int guest(int unit) {
    var random = new Random(unit);
    int bytes = bytes(unit);
    int offset = random.nextInt((4096 - bytes) / 2) * 2;
    byte[] code = new byte[4096 - offset];
    random.nextBytes(code);
    MemorySegment.copy(MemorySegment.ofArray(code), 0, page, offset, code.length);
    return offset;
  }

  private static int bytes(int unit) {
    return 2 * (1 + unit % 128);
  }

  private static CodeImage image(int unit) {
    var random = new Random(unit);
    var image = new CodeImage();
    for (int i = random.nextInt(1000); i >= 0; i--) {
      image.add(random.nextInt());
    }
    byte[] code = new byte[random.nextInt(10_000)];
    random.nextBytes(code);
    image.code(code, code.length);
    return image;
  }

  private void add(CodeArchive archive, int from, int to) {
    for (int unit = from; unit < to; unit++) {
      int offset = guest(unit);
      byte[] code = page.asSlice(offset, bytes(unit)).toArray(ValueLayout.JAVA_BYTE);
      long hash = ArchiveFile.hash(MODE, offset, page.address() + offset);
      archive.add(hash, MODE, offset, code, code.length, unit, image(unit));
    }
  }

  private long find(CodeArchive archive, int unit) {
    int offset = guest(unit);
    return archive.find(MODE, offset, page.address() + offset);
  }

  private void assertThatItHas(CodeArchive archive, int from, int to) {
    var image = new CodeImage();
    for (int unit = from; unit < to; unit++) {
      long found = find(archive, unit);
      assertThat(found).as("unit " + unit).isNotZero();
      assertThat(archive.guestBytes(found)).isEqualTo(bytes(unit));
      assertThat(archive.instructions(found)).isEqualTo(unit);
      byte[] code = page.asSlice(guest(unit), bytes(unit)).toArray(ValueLayout.JAVA_BYTE);
      assertThat(archive.isOf(found, code, code.length)).isTrue();
      code[code.length - 1]++;
      assertThat(archive.isOf(found, code, code.length)).isFalse();
      assertThat(archive.load(found, image)).isTrue();
      assertThat(image.same(image(unit))).as("unit " + unit).isTrue();
    }
  }

  private void keep(String key, int from, int to) {
    try (CodeArchive archive = open(key)) {
      add(archive, from, to);
    }
    assertThat(troubles).isEmpty();
  }

  @Test
  void unitsAreFoundInTheNextRunAndInThoseBehindIt() {
    keep("key", 0, ENOUGH);
    keep("key", ENOUGH, 3 * ENOUGH);
    try (CodeArchive archive = open("key")) {
      assertThat(archive.size()).isEqualTo(3 * ENOUGH);
      assertThatItHas(archive, 0, 3 * ENOUGH);
      assertThat(find(archive, 3 * ENOUGH)).isZero();
    }
  }

  @Test
  void aUnitOfAnotherModePlaceOrCodeIsNotFound() {
    keep("key", 0, ENOUGH);
    try (CodeArchive archive = open("key")) {
      for (int unit = 0; unit < ENOUGH; unit++) {
        int offset = guest(unit);
        long guest = page.address() + offset;
        assertThat(archive.find(MODE + 1, offset, guest)).isZero();
        assertThat(archive.find(MODE, offset ^ 2, guest)).isZero();
        long last = guest + bytes(unit) - 1;
        RawMemory.putByte(last, (byte) ~RawMemory.getByte(last));
        assertThat(archive.find(MODE, offset, guest)).isZero();
      }
    }
  }

  @Test
  void anotherKeyHasItsOwnUnits() {
    keep("key", 0, ENOUGH);
    keep("another key", ENOUGH, 2 * ENOUGH);
    try (CodeArchive one = open("key");
        CodeArchive other = open("another key")) {
      assertThatItHas(one, 0, ENOUGH);
      assertThatItHas(other, ENOUGH, 2 * ENOUGH);
      assertThat(find(one, ENOUGH)).isZero();
      assertThat(find(other, 0)).isZero();
    }
  }

  @Test
  void aFewUnitsAreNotWorthAFile() {
    keep("key", 0, 10);
    assertThat(folder.resolve("code")).doesNotExist();
  }

  @Test
  void theSameCodeOfSeveralPagesIsKeptOnce() {
    try (CodeArchive archive = open("key")) {
      add(archive, 0, ENOUGH);
      add(archive, 0, ENOUGH);
    }
    try (CodeArchive archive = open("key")) {
      assertThat(archive.size()).isEqualTo(ENOUGH);
      assertThatItHas(archive, 0, ENOUGH);
    }
  }

  /** Each byte of a record, of the header and of the index may be wrong. */
  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8})
  void whatIsDamagedIsNotUsed(long seed) throws IOException {
    keep("key", 0, ENOUGH);
    byte[] good = Files.readAllBytes(file());
    var random = new Random(seed);
    for (int round = 0; round < 20; round++) {
      byte[] bad = good.clone();
      for (int i = random.nextInt(200); i >= 0; i--) {
        int where = random.nextInt(4) == 0 ? random.nextInt(64) : random.nextInt(bad.length);
        bad[where] = (byte) random.nextInt(256);
      }
      Files.write(
          file(), random.nextInt(4) == 0 ? Arrays.copyOf(bad, random.nextInt(bad.length)) : bad);
      try (CodeArchive archive = open("key")) {
        var image = new CodeImage();
        for (int unit = 0; unit < ENOUGH; unit++) {
          long found = find(archive, unit);
          if (found != 0 && archive.load(found, image)) {
            assertThat(archive.guestBytes(found)).isEqualTo(bytes(unit));
            assertThat(image.same(image(unit))).as("unit " + unit).isTrue();
          }
        }
      }
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"rw-rw----", "rw-----w-"})
  void whatOthersMayWriteIsNotRead(String permissions) throws IOException {
    keep("key", 0, ENOUGH);
    Files.setPosixFilePermissions(file(), PosixFilePermissions.fromString(permissions));
    try (CodeArchive archive = open("key")) {
      assertThat(archive.size()).isZero();
      assertThat(find(archive, 0)).isZero();
    }
  }

  @Test
  void aFolderThatOthersMayWriteToIsNotRead() throws IOException {
    keep("key", 0, ENOUGH);
    Path code = folder.resolve("code");
    Files.setPosixFilePermissions(code, PosixFilePermissions.fromString("rwxrwxrwx"));
    try (CodeArchive archive = open("key")) {
      assertThat(archive.size()).isZero();
    }
  }

  @Test
  void whatIsMadeIsTheOwnersAlone() throws IOException {
    keep("key", 0, ENOUGH);
    assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(file())))
        .isEqualTo("rw-------");
    assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(folder.resolve("code"))))
        .isEqualTo("rwx------");
  }

  @Test
  void aFolderThatCannotBeMadeIsToldOf() throws IOException {
    Files.writeString(folder.resolve("code"), "a file");
    try (CodeArchive archive = open("key")) {
      add(archive, 0, ENOUGH);
    }
    assertThat(troubles).singleElement().asString().contains("no machine code is kept");
  }

  @Test
  void theNewestStayWhereThereIsNoRoomForAll() throws IOException {
    keep("key", 0, ENOUGH);
    long limit = Files.size(file()) * 3 / 2;
    try (CodeArchive archive = open("key", limit, () -> 0)) {
      add(archive, ENOUGH, 2 * ENOUGH);
    }
    assertThat(Files.size(file())).isLessThan(limit + (1 << 16)); // and the index
    try (CodeArchive archive = open("key")) {
      assertThat(archive.size()).isBetween(ENOUGH, 2 * ENOUGH - 1);
      assertThatItHas(archive, ENOUGH, 2 * ENOUGH);
    }
  }

  @Test
  @Timeout(60)
  void whatWasCompiledUntilAWhileAgoIsThereAfterAKill() throws InterruptedException {
    var hours = new AtomicLong();
    try (CodeArchive living =
        open("key", CodeArchive.LIMIT, () -> Duration.ofHours(hours.getAndIncrement()).toNanos())) {
      add(living, 0, 2 * ENOUGH);
      while (kept() == 0) {
        Thread.sleep(10);
      }
    }
    try (CodeArchive archive = open("key")) {
      assertThatItHas(archive, 0, 2 * ENOUGH);
    }
  }

  @Test
  @Timeout(60)
  void nothingIsWrittenWhileAMachineBeginsAndAllThatIsThereAWhileLater() throws Exception {
    try (CodeArchive living = open("key", CodeArchive.LIMIT, System::nanoTime)) {
      add(living, 0, 2 * ENOUGH);
      assertThat(folder.resolve("code")).doesNotExist();
      while (kept() == 0) {
        Thread.sleep(10);
      }
    }
    assertThat(kept()).isEqualTo(2 * ENOUGH);
  }

  private int kept() {
    try (CodeArchive archive = open("key")) {
      assertThatItHas(archive, 0, archive.size());
      return archive.size();
    }
  }

  @Test
  void whatWasNotUsedForLongGoesFirstAndWhatWasBegunTheDayBefore() throws IOException {
    for (int i = 0; i < 6; i++) {
      old(i + (i < 4 ? ".code" : ".part"), Duration.ofHours(40 - 10L * i));
    }
    old("another file", Duration.ofDays(1000));
    ArchiveFolder.tidy(folder, 250);
    try (Stream<Path> files = Files.list(folder)) {
      assertThat(files.map(f -> f.getFileName().toString()))
          .containsExactlyInAnyOrder("2.code", "3.code", "4.part", "5.part", "another file");
    }
    old("4.part", Duration.ofHours(25));
    ArchiveFolder.tidy(folder, 10);
    try (Stream<Path> files = Files.list(folder)) {
      assertThat(files.map(f -> f.getFileName().toString()))
          .containsExactlyInAnyOrder("3.code", "5.part", "another file");
    }
  }

  private void old(String name, Duration age) throws IOException {
    Path file = Files.write(folder.resolve(name), new byte[100]);
    Files.setLastModifiedTime(file, FileTime.from(Instant.now().minus(age)));
  }
}
