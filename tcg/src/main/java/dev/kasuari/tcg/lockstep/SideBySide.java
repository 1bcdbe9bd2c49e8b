package dev.kasuari.tcg.lockstep;

import dev.kasuari.host.RawMemory;
import dev.kasuari.tcg.BackEnd;
import dev.kasuari.tcg.EngineState;
import dev.kasuari.tcg.ExecutionContext;
import dev.kasuari.tcg.ExecutionLog;
import dev.kasuari.tcg.Exit;
import dev.kasuari.tcg.SoftMmu;
import dev.kasuari.tcg.TranslationBlock;
import dev.kasuari.tcg.Translator;
import dev.kasuari.tcg.ir.IrUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * Runs units of one CPU twice.
 *
 * <p>First the reference, whose loads and stores are all slow as it finds no entries in the soft
 * MMU, so that they are seen; what devices and helpers tell it is kept. Its stores are taken back
 * and the state is put back. Then the other back end, with its fast paths, is told the same; what
 * it leaves in state and memory stays, if it is what the reference left. A store of it through a
 * fast path to where the reference did not store is not noticed before it is read.
 *
 * <p>The machine's lock is held over both runs, under which devices write to memory and move
 * interrupt lines.
 */
final class SideBySide {
  private final Lockstep lockstep;
  private final ExecutionContext context;
  private final SoftMmu mmu;
  private final long state;
  private final ReentrantLock lock;
  private final Translator translator;

  private final List<Told> tape = new ArrayList<>();
  private final MemoryLog memory = new MemoryLog();
  private final Recorder recorder;
  private final Replayer replayer;
  private final StateImage before;
  private final StateImage expected;
  private final StateImage actual;
  private final AtomicLong compared = new AtomicLong();
  private final AtomicLong notCompared = new AtomicLong();
  private boolean requested;

  SideBySide(Lockstep lockstep, ExecutionContext context, Translator translator) {
    this.lockstep = lockstep;
    this.context = context;
    this.translator = translator;
    mmu = context.mmu();
    state = context.state();
    lock = mmu.space().lock();
    recorder = new Recorder(context, tape, memory);
    replayer = new Replayer(context, tape, memory, false);
    before = new StateImage(context.cpu().state().layout());
    expected = before.copy();
    actual = before.copy();
  }

  boolean isOf(ExecutionContext other) {
    return context == other;
  }

  long compared() {
    return compared.get();
  }

  long notCompared() {
    return notCompared.get();
  }

  // ---- a unit ----------------------------------------------------------------------------------

  Exit run(LockstepCode code, long pc) {
    boolean chained = context.noChain;
    context.noChain = true;
    lock.lock();
    try {
      Exit exit = runTwice(code, pc);
      context.linkFrom = null;
      return exit;
    } finally {
      lock.unlock();
      context.noChain = chained;
      letOthersIn();
    }
  }

  /** Who waits for the lock would hardly ever get it from one who takes it again at once. */
  private void letOthersIn() {
    for (int i = 0; i < 1000 && lock.hasQueuedThreads(); i++) {
      LockSupport.parkNanos(1);
    }
  }

  private Exit runTwice(LockstepCode code, long pc) {
    before.capture(state);
    tape.clear();
    memory.clear();
    Outcome first = watched(lockstep.reference(), code.reference(), pc, recorder, true);
    if (first.exit() == Exit.POLL) {
      return Exit.POLL;
    }
    expected.capture(state);
    memory.takeBack();
    if (!memory.loadsHold()) {
      return believe(first);
    }
    before.restore(state);
    requested = false;
    Outcome second = runOther(code, pc, first);
    if (second == null) {
      return believe(first);
    }
    if (requested) {
      context.requestExit();
    }
    compared.incrementAndGet();
    return second.exit();
  }

  /** Takes the reference's word: there is nothing to compare it with. */
  private Exit believe(Outcome outcome) {
    memory.redo();
    expected.restore(state);
    restoreFault(outcome);
    if (requested) {
      context.requestExit();
    }
    notCompared.incrementAndGet();
    return outcome.exit();
  }

  private void restoreFault(Outcome outcome) {
    context.cause = outcome.cause();
    context.value = outcome.value();
  }

  /** Runs the other back end; null if it may not enter the unit any more. */
  private @Nullable Outcome runOther(LockstepCode code, long pc, Outcome first) {
    Outcome second;
    do {
      // A request to leave is for whoever runs next: this unit is half done.
      requested |= takeRequest();
      try {
        second = watched(lockstep.other(), code.other(), pc, replayer.rewind(), false);
      } catch (Divergence e) {
        throw difference(code, pc, e.what(), e.expected());
      } catch (RuntimeException e) {
        throw difference(code, pc, "it fails: " + e, null);
      }
      if (second.exit() == Exit.POLL && code.retired()) {
        return null;
      }
    } while (second.exit() == Exit.POLL && pollIsSet());
    actual.capture(state);
    String what = different(first, second);
    if (what != null) {
      throw difference(code, pc, what, null);
    }
    return second;
  }

  private boolean pollIsSet() {
    return RawMemory.getIntVolatile(state + EngineState.POLL) != 0;
  }

  private boolean takeRequest() {
    boolean set = pollIsSet();
    if (set) {
      RawMemory.putIntVolatile(state + EngineState.POLL, 0);
    }
    return set;
  }

  private Outcome watched(
      BackEnd backEnd, TranslationBlock block, long pc, ExecutionLog log, boolean hidden) {
    mmu.attach(log);
    mmu.hideEntries(hidden);
    try {
      return Outcome.of(backEnd.run(context, block, pc), context);
    } finally {
      mmu.hideEntries(false);
      mmu.attach(null);
    }
  }

  private @Nullable String different(Outcome first, Outcome second) {
    if (!first.equals(second)) {
      return "it ends with %s, the reference with %s".formatted(second, first);
    }
    if (!expected.same(actual)) {
      return "the state after it differs";
    }
    if (!memory.same()) {
      return "memory after it differs";
    }
    List<Told> rest = replayer.rest();
    return rest.isEmpty() ? null : "it does not ask for " + rest.getFirst();
  }

  // ---- a difference ----------------------------------------------------------------------------

  private LockstepException difference(
      LockstepCode code, long pc, String what, @Nullable StateImage reference) {
    actual.capture(state);
    String memoryThere = memory.differences(lockstep.reference().name(), lockstep.other().name());
    var report =
        new Report(lockstep, context, translator, code, pc)
            .difference(what, before, reference == null ? expected : reference, actual)
            .memory(memoryThere);
    memory.restore();
    report.instruction(firstInstruction(code.unit(), code.pageOffset(), pc));
    actual.restore(state);
    return new LockstepException(report.text());
  }

  /** The instruction after which the two differ first, as far as units can be cut into pieces. */
  private int firstInstruction(IrUnit unit, int pageOffset, long pc) {
    int count = unit.instructions().size();
    for (int n = 1; n < count; n++) {
      IrUnit prefix = unit.prefix(n);
      if (prefix != null && !agreeOn(prefix, pageOffset, pc)) {
        return n - 1;
      }
    }
    return count - 1;
  }

  private boolean agreeOn(IrUnit unit, int pageOffset, long pc) {
    LockstepCode code =
        LockstepCode.compile(lockstep.reference(), lockstep.other(), unit, pageOffset);
    if (code == null) {
      return true;
    }
    var touched = new MemoryLog();
    try {
      takeRequest();
      before.restore(state);
      var again = new Replayer(context, tape, touched, true);
      Outcome first = watched(lockstep.reference(), code.reference(), pc, again, true);
      expected.capture(state);
      touched.takeBack();
      before.restore(state);
      var other = new Replayer(context, tape, touched, false);
      Outcome second = watched(lockstep.other(), code.other(), pc, other, false);
      actual.capture(state);
      return first.equals(second)
          && expected.same(actual)
          && touched.same()
          && again.rest().size() == other.rest().size();
    } catch (RuntimeException e) {
      return false;
    } finally {
      touched.restore();
    }
  }
}
