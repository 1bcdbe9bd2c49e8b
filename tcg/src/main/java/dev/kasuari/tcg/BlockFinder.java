package dev.kasuari.tcg;

import dev.kasuari.host.RawMemory;
import dev.kasuari.machine.Log;
import dev.kasuari.machine.LogCategory;
import dev.kasuari.machine.cpu.Cpu;
import dev.kasuari.tcg.ir.GuestInstruction;
import dev.kasuari.tcg.ir.IrUnit;
import dev.kasuari.tcg.ir.Verifier;
import java.lang.foreign.Arena;
import java.util.function.LongUnaryOperator;
import org.jspecify.annotations.Nullable;

/** One vCPU's way from a program counter to a block: jump cache, code cache, translator. */
final class BlockFinder {
  private static final long PAGE = -4096L;

  private final TcgAccelerator accelerator;
  private final Cpu cpu;
  private final SoftMmu mmu;
  private final ExecutionContext context;
  private final Translator translator;
  private final Translation translation = new Translation(this::secondHostPage);
  private final CodeCache cache;
  private final Log log;

  /** For one unit after another, to or from the archive. */
  private final CodeImage image = new CodeImage();

  /** What was kept of a unit that is verified. */
  private final CodeImage other = new CodeImage();

  /** Null if units are compiled at once. */
  private @Nullable RunCounts coldRuns;

  /**
   * Made once, as is the message of a log only where the log is on: HotSpot's first compiler calls
   * out of its code to make an object for a lambda, and this is run at every lookup.
   */
  private final LongUnaryOperator secondPageMapping;

  /** State of the translation in progress. */
  private long pc;

  /** It is for one run, of the bytes as they are now, which nobody has to watch. */
  private boolean unwatched;

  private long secondPage;
  private long secondTicket;
  private long secondHost;

  BlockFinder(
      TcgAccelerator accelerator,
      Cpu cpu,
      SoftMmu mmu,
      ExecutionContext context,
      Translator translator) {
    this.accelerator = accelerator;
    this.cpu = cpu;
    this.mmu = mmu;
    this.context = context;
    this.translator = translator;
    this.cache = accelerator.cache();
    this.log = accelerator.log();
    this.secondPageMapping = first -> virtualSecondPage();
  }

  /** Says how often a unit is run before it is compiled; 0 unless it is called. */
  void runCold(int runs) {
    coldRuns = runs == 0 ? null : new RunCounts(runs);
  }

  /** See {@link Translator#configuration}. */
  String configuration() {
    return translator.configuration();
  }

  /** The block at a virtual address; null if fetching there faults, with the fault in the MMU. */
  @Nullable TranslationBlock find(long at, long mode) {
    int flags = accelerator.unitFlags();
    TranslationBlock known = flags == 0 ? context.findBlock(at, mode) : null;
    if (known != null) {
      return known;
    }
    long ram = mmu.fetchAddress(at);
    if (ram == -1) {
      return null;
    }
    boolean once = mmu.fetchWasUncached(at);
    pc = at;
    TranslationBlock block = once ? null : cache.find(ram, mode, flags, secondPageMapping);
    if (block == null && !once && flags == 0 && archived(mode) == 0 && isCold(ram)) {
      block = coldBlock(ram, mode);
    }
    if (block == null) {
      block = translate(ram, mode, once ? flags | UnitFlags.ONCE : flags);
      if (block == null || (once && !mayFetchRest(at, block.length()))) {
        return null;
      }
    }
    if (!once && block.flags() == 0) {
      context.jumps().put(at, mmu.generation, block);
    }
    if (log.on(LogCategory.EXEC)) {
      log.write(LogCategory.EXEC, () -> "cpu%d exec 0x%016x".formatted(cpu.index(), at));
    }
    if (log.on(LogCategory.CPU)) {
      log.write(LogCategory.CPU, cpu::describe);
    }
    return block;
  }

  /**
   * Whether an instruction may be fetched behind its first two bytes, where one answer holds for
   * one access only; sets the fault at the piece that may not.
   */
  private boolean mayFetchRest(long at, int length) {
    for (int done = 2; done < length && (at & 4095) + done < 4096; done += 2) {
      if (mmu.fetchAddress(at + done, Math.min(2, length - done)) == -1) {
        return false;
      }
    }
    return true;
  }

  /** Whether the unit there is to be run as it is this time. */
  private boolean isCold(long ram) {
    // Whoever looks at units is to see each of them once, and compiled.
    return coldRuns != null
        && !accelerator.observed()
        && !log.on(LogCategory.IN_ASM)
        && !log.on(LogCategory.OP)
        && coldRuns.isCold(ram);
  }

  /** A block for one run, which nobody can find again; null if it has to be fetched otherwise. */
  private @Nullable TranslationBlock coldBlock(long ram, long mode) {
    unwatched = true;
    long hostPage = mmu.fetchHostAddress(pc) - (pc & 4095);
    translation.begin(mode, UnitFlags.COLD, (int) (pc & 4095), hostPage, limit(UnitFlags.COLD));
    boolean readable = translation.run(translator);
    unwatched = false;
    mmu.faulted = false;
    if (!readable) {
      return null;
    }
    IrUnit unit = translation.view();
    assert verified(unit);
    return new TranslationBlock(
        ram,
        translation.bytes(),
        TranslationBlock.ONE_PAGE,
        mode,
        UnitFlags.COLD,
        unit.instructions().size(),
        accelerator.backEnd().cold(unit));
  }

  /**
   * Whether a block may be chained to: only one that lies in one page and may be found again, as a
   * chain is followed without asking how anything is mapped.
   */
  boolean mayLink(TranslationBlock block) {
    return block.secondPage() == TranslationBlock.ONE_PAGE
        && block.flags() == 0
        && !context.noChain
        && block.valid();
  }

  /** RAM address of the page after the one at {@link #pc}, or none; leaves no fault behind. */
  private long virtualSecondPage() {
    long ram = mmu.fetchAddress((pc & PAGE) + 4096);
    mmu.faulted = false;
    return ram == -1 ? TranslationBlock.ONE_PAGE : ram;
  }

  /** For {@link Translation}: the fault is kept, in case it is the first instruction's. */
  private long secondHostPage(long pageOffset) {
    long virtual = (pc & PAGE) + 4096;
    long ram = mmu.fetchAddress(virtual);
    if (ram == -1) {
      return -1;
    }
    if (!unwatched) {
      secondPage = ram;
      secondTicket = cache.startReading(ram);
      accelerator.settleWrites();
    }
    secondHost = mmu.fetchHostAddress(virtual);
    return secondHost;
  }

  private @Nullable TranslationBlock translate(long ram, long mode, int flags) {
    while (true) {
      secondPage = TranslationBlock.ONE_PAGE;
      long page = ram & PAGE;
      long ticket = cache.startReading(page);
      try {
        accelerator.settleWrites();
        long hostPage = mmu.fetchHostAddress(pc) - (pc & 4095);
        TranslationBlock block = flags == 0 ? restored(ram, mode) : null;
        if (block == null) {
          translation.begin(mode, flags, (int) (pc & 4095), hostPage, limit(flags));
          if (!translation.run(translator)) {
            return null;
          }
          mmu.faulted = false;
          block = block(ram, mode, flags, hostPage);
        }
        if ((flags & UnitFlags.ONCE) != 0 || cache.publish(block, ticket, secondTicket)) {
          return block;
        }
      } finally {
        cache.doneReading(page);
        if (secondPage != TranslationBlock.ONE_PAGE) {
          cache.doneReading(secondPage);
        }
      }
    }
  }

  /**
   * What a block was made of, made once more of what is there now, for a report; null if the RAM is
   * gone.
   */
  @Nullable IrUnit unitOf(TranslationBlock block) {
    long first = accelerator.hostPage(block.ramAddress());
    long second = accelerator.hostPage(block.secondPage());
    int offset = (int) (block.ramAddress() & 4095);
    var again = new Translation(from -> second);
    again.begin(block.mode(), block.flags(), offset, first, limit(block.flags()));
    return first != -1 && again.run(translator) ? again.finish() : null;
  }

  private static int limit(int flags) {
    boolean one = (flags & (UnitFlags.ONCE | UnitFlags.SINGLE_STEP)) != 0;
    return one ? 1 : Translation.MAX_INSTRUCTIONS;
  }

  // ---- what was compiled in an earlier run -----------------------------------------------------

  /** Where the archive has the unit at {@link #pc}, or 0. */
  private long archived(long mode) {
    CodeArchive archive = usableArchive();
    return archive == null ? 0 : archive.find(mode, (int) (pc & 4095), mmu.fetchHostAddress(pc));
  }

  /** Null if whoever looks at units is to see what they are made of. */
  private @Nullable CodeArchive usableArchive() {
    CodeArchive archive = accelerator.archive();
    return archive == null
            || accelerator.observed()
            || log.on(LogCategory.IN_ASM)
            || log.on(LogCategory.OP)
        ? null
        : archive;
  }

  /** A block of a unit that was kept, to be published like a translated one; or null. */
  private @Nullable TranslationBlock restored(long ram, long mode) {
    CodeArchive archive = usableArchive();
    long unit = archive == null || archive.verifies() ? 0 : archived(mode);
    if (unit == 0 || archive == null || !archive.load(unit, image)) {
      return null;
    }
    CompiledCode code = accelerator.backEnd().restore(image, (int) (pc & 4095));
    return code == null
        ? null
        : new TranslationBlock(
            ram,
            archive.guestBytes(unit),
            TranslationBlock.ONE_PAGE,
            mode,
            0,
            archive.instructions(unit),
            code);
  }

  /** Keeps a unit that was just compiled, or compares it with what is kept. */
  private void keep(CodeArchive archive, long mode, long guest, int instructions) {
    if (image.isEmpty() || translation.askedForSecondPage()) {
      return;
    }
    int offset = (int) (pc & 4095);
    byte[] code = translation.fetched();
    int bytes = translation.bytes();
    // It was looked for already, unless all is translated anyway.
    long unit = archive.verifies() ? archive.find(mode, offset, guest) : 0;
    if (unit == 0) {
      long hash = ArchiveFile.hash(mode, offset, guest);
      archive.add(hash, mode, offset, code, bytes, instructions, image);
    } else if (archive.isOf(unit, code, bytes)
        && !(archive.load(unit, other) && image.same(other))) {
      throw new IllegalStateException(
          "the archive's unit for pc 0x%x, mode 0x%x is not what it is translated to"
              .formatted(pc, mode));
    }
  }

  private TranslationBlock block(long ram, long mode, int flags, long hostPage) {
    IrUnit unit = translation.finish();
    assert verified(unit);
    if (log.on(LogCategory.IN_ASM)) {
      log.write(LogCategory.IN_ASM, () -> listing(unit, hostPage));
    }
    if (log.on(LogCategory.OP)) {
      log.write(LogCategory.OP, unit::toString);
    }
    CodeArchive archive = flags == 0 ? usableArchive() : null;
    CompiledCode code =
        accelerator.compile(unit, (int) (pc & 4095), archive == null ? null : image);
    if (archive != null) {
      long guest = hostPage + (pc & 4095);
      keep(archive, mode, guest, unit.instructions().size());
    }
    if (accelerator.observed()) {
      tell(ram, mode, flags, hostPage, unit, code);
    }
    long second = translation.usesSecondPage() ? secondPage : TranslationBlock.ONE_PAGE;
    return new TranslationBlock(
        ram, translation.bytes(), second, mode, flags, unit.instructions().size(), code);
  }

  private void tell(long ram, long mode, int flags, long hostPage, IrUnit unit, CompiledCode code) {
    var translated =
        new TranslatedUnit(
            cpu.index(),
            pc,
            ram,
            mode,
            flags,
            translation.bytes(),
            unit,
            code,
            () -> guestCode(unit, hostPage));
    for (TranslationObserver observer : accelerator.observers()) {
      observer.translated(translated);
    }
  }

  private static boolean verified(IrUnit unit) {
    Verifier.verify(unit);
    return true;
  }

  private String listing(IrUnit unit, long hostPage) {
    return "IN: mode 0x%x%n%s".formatted(translation.mode(), guestCode(unit, hostPage));
  }

  /** A line for each instruction. */
  private String guestCode(IrUnit unit, long hostPage) {
    var text = new StringBuilder();
    for (GuestInstruction each : unit.instructions()) {
      long at = pc + each.delta();
      text.append("0x%016x:  ".formatted(at));
      text.append(disassemble(hostPage, (pc & 4095) + each.delta(), each.length(), at))
          .append('\n');
    }
    return text.toString();
  }

  /** One instruction, whose bytes may lie in both pages. */
  private String disassemble(long hostPage, long offset, int length, long at) {
    if (offset + length <= 4096) {
      return translator.disassemble(hostPage + offset, length, at);
    }
    try (Arena arena = Arena.ofConfined()) {
      long copy = arena.allocate(length).address();
      for (int i = 0; i < length; i++) {
        long from = offset + i < 4096 ? hostPage : secondHost - 4096;
        RawMemory.putByte(copy + i, RawMemory.getByte(from + offset + i));
      }
      return translator.disassemble(copy, length, at);
    }
  }
}
