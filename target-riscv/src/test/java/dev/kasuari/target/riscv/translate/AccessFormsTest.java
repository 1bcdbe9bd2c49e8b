package dev.kasuari.target.riscv.translate;

import static org.assertj.core.api.Assertions.assertThat;

import dev.kasuari.machine.memory.BusAccess;
import dev.kasuari.machine.memory.BusResult;
import dev.kasuari.machine.memory.MmioHandler;
import dev.kasuari.target.riscv.cpu.RiscvModel;
import dev.kasuari.target.riscv.cpu.TrapCause;
import dev.kasuari.target.riscv.translate.AccessForm.Kind;
import dev.kasuari.target.riscv.translate.AccessProgram.Case;
import dev.kasuari.target.riscv.translate.AccessProgram.Outcome;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Every instruction that accesses memory, at every distance from a page that it reaches into: which
 * exception it raises, that nothing has changed then, and what has otherwise; and at registers of a
 * device. Interpreted and as machine code, to the same results.
 */
@Tag("fast")
class AccessFormsTest {
  private static final List<AccessForm> FORMS = AccessForm.all(RiscvModel.max().features());
  private static final long FIRST =
      AccessProgram.entry(AccessProgram.FIRST, AccessProgram.READ_WRITE);

  /** What a page can be, as the flags of its entry. */
  private enum Page {
    ABSENT(0),
    READ_ONLY(AccessProgram.READ),
    /** May be written, but is not marked as such; nobody does it but software. */
    CLEAN(AccessProgram.READ_CLEAN_WRITE),
    OPEN(AccessProgram.READ_WRITE);

    private final int flags;

    Page(int flags) {
      this.flags = flags;
    }

    boolean permits(Kind kind) {
      return switch (kind) {
        case LOAD, RESERVE, MANAGE -> flags != 0;
        case STORE, ATOMIC, ZERO, PAIR -> this == OPEN;
        case FAIL, HINT -> true;
      };
    }
  }

  @Test
  void theFormsAreAllThereAre() {
    assertThat(FORMS)
        .extracting(AccessForm::name)
        .contains("lb", "lwu", "fld", "flh", "sd", "fsw", "fsh", "c.lw", "c.sdsp", "c.fldsp")
        .contains("lr.w", "sc.d", "amoswap.w", "amomaxu.d", "amocas.d", "cbo.zero", "prefetch.w")
        .hasSizeGreaterThan(60);
  }

  // ---- two pages -------------------------------------------------------------------------------

  private static AccessProgram pages(Page first, Page second) {
    var program =
        new AccessProgram(
            first.flags == 0 ? 0 : AccessProgram.entry(AccessProgram.FIRST, first.flags),
            second.flags == 0 ? 0 : AccessProgram.entry(AccessProgram.SECOND, second.flags));
    for (AccessForm form : FORMS) {
      for (int distance = Math.min(form.size(), 8); distance >= 0; distance--) {
        for (boolean warm : new boolean[] {false, true}) {
          program.add(new Case(form, AccessProgram.BOUNDARY - distance, warm));
        }
      }
    }
    return program;
  }

  /**
   * The exception of an access to two pages, as the privileged manual has it in sections 3.1.16 and
   * 12.3.2; null for none.
   */
  private static @Nullable Outcome expected(Case each, Page first, Page second, Outcome actual) {
    AccessForm form = each.form();
    long address = each.address();
    boolean block = form.size() == 64;
    boolean inFirst = address < AccessProgram.BOUNDARY;
    boolean inSecond = !inFirst || (!block && address + form.size() > AccessProgram.BOUNDARY);
    long value = -1;
    if (form.mustAlign() && address % form.size() != 0) {
      boolean load = form.kind() == Kind.RESERVE || form.kind() == Kind.PAIR;
      long cause = load ? TrapCause.LOAD_MISALIGNED : TrapCause.STORE_MISALIGNED;
      return fault(cause, address, 0, actual);
    } else if (inFirst && !first.permits(form.kind())) {
      value = address;
    } else if (inSecond && !second.permits(form.kind())) {
      value = Math.max(address, AccessProgram.BOUNDARY);
    }
    if (value == -1) {
      return null;
    }
    Page faulting = value < AccessProgram.BOUNDARY ? first : second;
    boolean reserves = form.kind() == Kind.PAIR && faulting == Page.ABSENT;
    boolean load = form.kind() == Kind.LOAD || form.kind() == Kind.RESERVE || reserves;
    int pc = form.kind() == Kind.PAIR && !reserves ? 4 : 0;
    return fault(load ? TrapCause.LOAD_PAGE_FAULT : TrapCause.STORE_PAGE_FAULT, value, pc, actual);
  }

  /** Everything is as it was; how many instructions it took is not said here. */
  private static Outcome fault(long cause, long value, long pc, Outcome actual) {
    return new Outcome(
        cause,
        value,
        pc,
        AccessProgram.MARK,
        AccessProgram.FLOAT_MARK,
        actual.retired(),
        AccessProgram.BEFORE,
        AccessProgram.BEHIND);
  }

  private static void check(Case each, Page first, Page second, Outcome actual) {
    Outcome fault = expected(each, first, second, actual);
    String what = "%s, pages %s and %s".formatted(each, first, second);
    if (fault != null) {
      assertThat(actual).as(what).isEqualTo(fault);
      return;
    }
    assertThat(actual.cause()).as(what).isEqualTo(AccessProgram.ECALL);
    int distance = (int) (AccessProgram.BOUNDARY - each.address());
    AccessForm form = each.form();
    switch (form.kind()) {
      case LOAD -> {
        long bits = window(AccessProgram.BEFORE, AccessProgram.BEHIND, distance);
        long register = form.floating() ? actual.floating() : actual.register();
        assertThat(register).as(what).isEqualTo(form.loaded(bits));
      }
      case STORE -> {
        long unused = 64 - 8L * form.size();
        long bits = window(actual.before(), actual.behind(), distance) << unused >>> unused;
        assertThat(bits).as(what).isEqualTo(AccessProgram.STORED << unused >>> unused);
      }
      case FAIL -> assertThat(actual.register()).as(what).isEqualTo(1);
      case PAIR -> assertThat(actual.register()).as(what).isZero();
      default -> {}
    }
  }

  /** The eight bytes that begin so far before the boundary. */
  private static long window(long before, long behind, int distance) {
    return distance == 0
        ? behind
        : distance == 8 ? before : before >>> (64 - 8 * distance) | behind << (8 * distance);
  }

  @ParameterizedTest
  @ValueSource(strings = {"interp", "x86_64", "x86_64 cold"})
  void accessesFaultAtThePageThatDoesNotPermitThem(String name) throws InterruptedException {
    for (Page second : Page.values()) {
      var program = pages(Page.OPEN, second);
      List<Outcome> outcomes = program.run(BackEnds.named(name), new Registers());
      for (int i = 0; i < outcomes.size(); i++) {
        check(program.cases().get(i), Page.OPEN, second, outcomes.get(i));
      }
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"interp", "x86_64", "x86_64 cold"})
  void theFirstPageComesFirst(String name) throws InterruptedException {
    List<Page> seconds = List.of(Page.ABSENT, Page.READ_ONLY, Page.OPEN);
    for (int each = 0; each < seconds.size(); each++) {
      Page first = Page.values()[each];
      Page second = seconds.get(each);
      var program = pages(first, second);
      List<Outcome> outcomes = program.run(BackEnds.named(name), new Registers());
      for (int i = 0; i < outcomes.size(); i++) {
        check(program.cases().get(i), first, second, outcomes.get(i));
      }
    }
  }

  // ---- devices ---------------------------------------------------------------------------------

  /** Answers with bytes that say their offset, and keeps who asked for what. */
  private static final class Registers implements MmioHandler {
    private static final int REFUSED = 0x800;

    private final List<String> seen = new ArrayList<>();

    static long at(long offset, int size) {
      long value = 0;
      for (int i = 0; i < size; i++) {
        value |= (0x80 + offset + i & 0xff) << (8 * i);
      }
      return value;
    }

    /** The accesses that began at an offset, but for the zeroing of a block. */
    List<String> asked(int offset) {
      Pattern one = Pattern.compile("(read|write)\\d 0x%x( 0x(?!0$).*)?".formatted(offset));
      return seen.stream().filter(each -> one.matcher(each).matches()).toList();
    }

    @Override
    public long read(long offset, int size, BusAccess access) {
      seen.add("read%d 0x%x".formatted(size, offset));
      if (offset >= REFUSED) {
        access.fail(BusResult.SLAVE_ERROR);
      }
      return at(offset, size);
    }

    @Override
    public void write(long offset, int size, long value, BusAccess access) {
      long written = size == 8 ? value : value & ((1L << (8 * size)) - 1);
      seen.add("write%d 0x%x 0x%x".formatted(size, offset, written));
      if (offset >= REFUSED) {
        access.fail(BusResult.SLAVE_ERROR);
      }
    }
  }

  private static AccessProgram deviceProgram() {
    long device = AccessProgram.entry(AccessProgram.DEVICE, AccessProgram.READ_WRITE);
    var program = new AccessProgram(FIRST, device);
    for (AccessForm form : FORMS) {
      for (int offset : new int[] {0x40, 0x41, 0x46, 0x7ff, 0x800, 0x807, -1, -3, -7}) {
        program.add(new Case(form, AccessProgram.BOUNDARY + offset, false));
        program.add(new Case(form, AccessProgram.BOUNDARY + offset, true));
      }
    }
    return program;
  }

  @Test
  void devicesAreAskedTheSameByBoth() throws InterruptedException {
    var interpreted = new Registers();
    var emitted = new Registers();
    var program = deviceProgram();
    List<Outcome> expected = program.run(BackEnds.named("interp"), interpreted);
    List<Outcome> actual = deviceProgram().run(BackEnds.named("x86_64"), emitted);
    for (int i = 0; i < expected.size(); i++) {
      assertThat(actual.get(i)).as(program.cases().get(i).toString()).isEqualTo(expected.get(i));
    }
    assertThat(emitted.seen).isEqualTo(interpreted.seen).hasSizeGreaterThan(500);
  }

  @ParameterizedTest
  @ValueSource(strings = {"interp", "x86_64", "x86_64 cold"})
  void anAlignedAccessIsOneAccessOfTheDevice(String name) throws InterruptedException {
    long device = AccessProgram.entry(AccessProgram.DEVICE, AccessProgram.READ_WRITE);
    var program = new AccessProgram(FIRST, device);
    for (int i = 0; i < FORMS.size(); i++) {
      program.add(new Case(FORMS.get(i), AccessProgram.BOUNDARY + 8L * i, false));
      program.add(
          new Case(FORMS.get(i), AccessProgram.BOUNDARY + Registers.REFUSED + 8L * i, true));
    }
    var registers = new Registers();
    List<Outcome> outcomes = program.run(BackEnds.named(name), registers);
    for (int i = 0; i < FORMS.size(); i++) {
      AccessForm form = FORMS.get(i);
      Outcome good = outcomes.get(2 * i);
      checkDevice(form, 8 * i, good, registers.asked(8 * i));
      Outcome refused = outcomes.get(2 * i + 1);
      long refusing = AccessProgram.BOUNDARY + Registers.REFUSED + 8L * i;
      if (form.kind() == Kind.LOAD) {
        assertFault(form, refused, TrapCause.LOAD_ACCESS_FAULT, refusing);
      } else if (form.kind() == Kind.STORE) {
        assertFault(form, refused, TrapCause.STORE_ACCESS_FAULT, refusing);
      }
    }
  }

  private static void checkDevice(AccessForm form, int offset, Outcome good, List<String> asked) {
    long address = AccessProgram.BOUNDARY + offset;
    switch (form.kind()) {
      case LOAD -> {
        long register = form.floating() ? good.floating() : good.register();
        long bits = Registers.at(offset, 8);
        assertThat(register).as(form.name()).isEqualTo(form.loaded(bits));
        assertThat(asked).containsExactly("read%d 0x%x".formatted(form.size(), offset));
      }
      case STORE -> {
        long unused = 64 - 8L * form.size();
        long stored = AccessProgram.STORED << unused >>> unused;
        assertThat(asked)
            .containsExactly("write%d 0x%x 0x%x".formatted(form.size(), offset, stored));
      }
      case ATOMIC -> {
        assertFault(form, good, TrapCause.STORE_ACCESS_FAULT, address);
        assertThat(asked).as(form.name()).isEmpty();
      }
      case RESERVE, PAIR -> {
        assertFault(form, good, TrapCause.LOAD_ACCESS_FAULT, address);
        assertThat(asked).as(form.name()).isEmpty();
      }
      case FAIL -> assertThat(good.register()).as(form.name()).isEqualTo(1);
      case HINT, MANAGE -> assertThat(asked).as(form.name()).isEmpty();
      case ZERO -> {}
    }
  }

  private static void assertFault(AccessForm form, Outcome actual, long cause, long value) {
    assertThat(actual).as(form.name()).isEqualTo(fault(cause, value, 0, actual));
  }
}
