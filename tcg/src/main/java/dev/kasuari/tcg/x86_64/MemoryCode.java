package dev.kasuari.tcg.x86_64;

import static dev.kasuari.tcg.x86_64.CpuFeature.AVX;
import static dev.kasuari.tcg.x86_64.Gpr.RAX;
import static dev.kasuari.tcg.x86_64.Gpr.RCX;
import static dev.kasuari.tcg.x86_64.Gpr.RDX;
import static dev.kasuari.tcg.x86_64.Width.BITS_32;
import static dev.kasuari.tcg.x86_64.Width.BITS_64;

import dev.kasuari.tcg.EngineState;
import dev.kasuari.tcg.SoftMmu;
import dev.kasuari.tcg.ir.MemDesc;
import dev.kasuari.tcg.ir.Op;
import dev.kasuari.tcg.ir.Rmw;

/**
 * Emits accesses to guest memory: the common case, through an entry of the soft MMU that answers
 * for the whole access, in line; everything else in Java. Order between accesses is the host's,
 * which is stronger than what acquire and release ask for.
 */
final class MemoryCode {
  private static final int ENTRY_SHIFT = 12 - Integer.numberOfTrailingZeros(SoftMmu.ENTRY_BYTES);

  private final CodeGenerator g;
  private final Assembler a;

  MemoryCode(CodeGenerator generator) {
    g = generator;
    a = generator.a;
  }

  void operation(int i) {
    long desc = g.unit().immediate(i);
    switch (g.unit().op(i)) {
      case FENCE -> fence((int) desc);
      case UNRESERVE -> a.store(4, CodeGenerator.state(EngineState.RESERVED), 0);
      case LOAD -> load(i, desc);
      case STORE -> store(i, desc);
      case LOAD2, STORE2 -> {
        if (aligned(desc) || MemDesc.isBigEndian(desc) || (whole(desc) && !g.features.has(AVX))) {
          g.inJava(i);
        } else if (g.unit().op(i) == Op.LOAD2) {
          loadPair(i, desc);
        } else {
          storePair(i, desc);
        }
      }
      case PROBE -> probe(i, desc);
      case CAS, RMW, LL, SC -> {
        if (whole(i, desc)) {
          atomic(i, desc);
        } else {
          g.inJava(i);
        }
      }
      default -> throw new AssertionError(g.unit().op(i));
    }
  }

  /** Only a store that is to be seen before a later load needs more than what the host does. */
  private void fence(int order) {
    if ((order & MemDesc.FENCE_WR) != 0) {
      a.lockAlu(Alu.OR, 4, CodeGenerator.state(EngineState.FRAME), 0);
    }
  }

  /** Whether an atomic access is of all bits of its type, in the host's order. */
  private boolean whole(int i, long desc) {
    int value = g.unit().op(i) == Op.SC ? g.unit().argument(i, 1) : g.unit().result(i);
    return !MemDesc.isBigEndian(desc) && g.unit().valueType(value).bits() == 8 * MemDesc.size(desc);
  }

  /**
   * Leaves in RAX what turns the address into a host address, or jumps: the entry of the soft MMU
   * that the address selects, or one that was displaced from it, must have the pages of the first
   * and the last byte in the tag, and the address must be aligned if the access wants that. What is
   * said to be emitted {@linkplain CodeGenerator#later later} next has to be the slow path.
   */
  private void translate(Gpr address, long desc, boolean aligned, int tag) {
    translate(address, desc, MemDesc.size(desc), aligned, tag);
  }

  private void translate(Gpr address, long desc, int size, boolean aligned, int tag) {
    int regime = MemDesc.mmuIndex(desc);
    int tlb = EngineState.tlb(regime);
    boolean onePage = aligned || size == 1;
    var missed = new Label();
    var found = new Label();
    var twoPages = new Label();
    if (g.features.has(CpuFeature.BMI2)) {
      // What comes in at the top is above the mask.
      a.rorx(BITS_32, RAX, address, ENTRY_SHIFT);
    } else {
      a.mov(BITS_32, RAX, address);
      a.shift(Shift.SHR, BITS_32, RAX, ENTRY_SHIFT);
    }
    a.alu(Alu.AND, BITS_32, RAX, CodeGenerator.state(tlb + EngineState.TLB_MASK));
    a.alu(Alu.ADD, BITS_64, RAX, CodeGenerator.state(tlb + EngineState.TLB_TABLE));
    if (onePage) {
      a.mov(BITS_64, RCX, address);
      a.alu(Alu.AND, BITS_64, RCX, -4096 | (size - 1));
    } else {
      a.lea(RCX, Mem.at(address, size - 1));
      a.alu(Alu.AND, BITS_64, RCX, -4096);
    }
    a.alu(Alu.CMP, BITS_64, RCX, Mem.at(RAX, tag));
    a.j(Cc.NE, missed);
    a.load(8, RAX, Mem.at(RAX, SoftMmu.ADDEND));
    a.bind(found);
    g.later(new Missed(address, onePage, g.stubs.victim(regime, tag), missed, found, twoPages));
  }

  /** What follows when the entry is not the one. */
  private final class Missed implements Runnable {
    private final Gpr address;
    private final boolean onePage;
    private final long victim;
    private final Label missed;
    private final Label found;
    private final Label twoPages;

    Missed(Gpr address, boolean onePage, long victim, Label missed, Label found, Label twoPages) {
      this.address = address;
      this.onePage = onePage;
      this.victim = victim;
      this.missed = missed;
      this.found = found;
      this.twoPages = twoPages;
    }

    @Override
    public void run() {
      a.bind(missed);
      if (!onePage) {
        // What was displaced is found by the last byte's page, and says nothing of another.
        a.mov(BITS_64, RDX, address);
        a.alu(Alu.XOR, BITS_64, RDX, RCX);
        a.shift(Shift.SHR, BITS_64, RDX, 12);
        a.j(Cc.NE, twoPages);
      }
      a.call(victim);
      a.j(Cc.E, found);
      a.bind(twoPages);
    }
  }

  private static boolean aligned(long desc) {
    return MemDesc.alignment(desc) != MemDesc.Alignment.ANY;
  }

  /** Whether others must see all of an access that lies within 16 bytes at once. */
  private boolean whole(long desc) {
    return g.severalCpus && MemDesc.atomicity(desc) == MemDesc.Atomicity.WITHIN_16;
  }

  /**
   * Whether only aligned accesses are in line. Hosts with AVX access what lies within 16 bytes at
   * once: Intel's whatever lies within a line of the cache (Software Developer's Manual, volume 3,
   * 10.1.1), AMD's 16 aligned bytes (Architecture Programmer's Manual, volume 2, 7.3.2), and what
   * lies within them does not leave the load-store unit in parts (Software Optimization Guides).
   */
  private boolean onlyAligned(long desc) {
    return aligned(desc) || (whole(desc) && !g.features.has(AVX));
  }

  private void load(int i, long desc) {
    Gpr address = g.use(i, 0);
    Gpr d = g.define(i);
    var slow = new Label();
    var done = new Label();
    int from = g.snapshot();
    translate(address, desc, onlyAligned(desc), SoftMmu.READ_TAG);
    var host = new Mem(address, RAX, 0);
    if (MemDesc.isBigEndian(desc)) {
      loadSwapped(i, desc, d, host);
    } else {
      load(i, desc, d, host);
    }
    a.bind(done);
    g.slowPath(i, slow, done, from, new Gpr[] {address}, d);
  }

  private void load(int i, long desc, Gpr d, Mem host) {
    int size = MemDesc.size(desc);
    if (MemDesc.isSigned(desc) && size < 8) {
      a.loadSigned(size, g.width(i), d, host);
    } else {
      a.load(size, d, host);
    }
  }

  private void loadPair(int i, long desc) {
    Gpr address = g.use(i, 0);
    Gpr first = g.define(i);
    Gpr second = g.registers.define(g.unit().result(i) + 1);
    int size = MemDesc.size(desc);
    var slow = new Label();
    var done = new Label();
    int from = g.snapshot();
    translate(address, desc, 2 * size, false, SoftMmu.READ_TAG);
    var apart = new Label();
    if (whole(desc)) {
      loadWhole(i, desc, address, first, second, apart);
    } else {
      loadApart(i, desc, address, first, second);
    }
    a.bind(done);
    g.slowPath(i, slow, done, from, new Gpr[] {address}, first, second);
    if (whole(desc) && size == 8) {
      g.later(() -> {
        a.bind(apart);
        loadApart(i, desc, address, first, second);
        a.jmp(done);
      });
    }
  }

  private void loadApart(int i, long desc, Gpr address, Gpr first, Gpr second) {
    load(i, desc, first, new Mem(address, RAX, 0));
    load(i, desc, second, new Mem(address, RAX, MemDesc.size(desc)));
  }

  /** Loads a pair by one instruction, or jumps if it is of 16 bytes that are not aligned. */
  private void loadWhole(int i, long desc, Gpr address, Gpr first, Gpr second, Label apart) {
    int size = MemDesc.size(desc);
    if (size == 8) {
      a.test(BITS_32, address, 15);
      a.j(Cc.NE, apart);
      a.movups(Xmm.XMM0, new Mem(address, RAX, 0));
      a.movq(first, Xmm.XMM0);
      a.packed(Packed.PUNPCKHQDQ, Xmm.XMM0, Xmm.XMM0);
      a.movq(second, Xmm.XMM0);
      return;
    }
    a.load(2 * size, RCX, new Mem(address, RAX, 0));
    extend(i, desc, first, RCX);
    a.shift(Shift.SHR, BITS_64, RCX, 8 * size);
    extend(i, desc, second, RCX);
  }

  private void extend(int i, long desc, Gpr to, Gpr from) {
    int size = MemDesc.size(desc);
    if (MemDesc.isSigned(desc)) {
      a.signExtend(size, g.width(i), to, from);
    } else {
      a.zeroExtend(size, to, from);
    }
  }

  private void storePair(int i, long desc) {
    Gpr address = g.use(i, 0);
    Gpr first = g.use(i, 1);
    Gpr second = g.use(i, 2);
    int size = MemDesc.size(desc);
    var slow = new Label();
    var done = new Label();
    int from = g.snapshot();
    translate(address, desc, 2 * size, false, SoftMmu.WRITE_TAG);
    var apart = new Label();
    if (whole(desc)) {
      storeWhole(desc, address, first, second, apart);
    } else {
      storeApart(desc, address, first, second);
    }
    a.bind(done);
    g.slowPath(i, slow, done, from, new Gpr[] {address, first, second});
    if (whole(desc) && size == 8) {
      g.later(() -> {
        a.bind(apart);
        storeApart(desc, address, first, second);
        a.jmp(done);
      });
    }
  }

  private void storeApart(long desc, Gpr address, Gpr first, Gpr second) {
    int size = MemDesc.size(desc);
    a.store(size, new Mem(address, RAX, 0), first);
    a.store(size, new Mem(address, RAX, size), second);
  }

  private void storeWhole(long desc, Gpr address, Gpr first, Gpr second, Label apart) {
    int size = MemDesc.size(desc);
    if (size == 8) {
      a.test(BITS_32, address, 15);
      a.j(Cc.NE, apart);
      a.movq(Xmm.XMM0, first);
      a.movq(Xmm.XMM1, second);
      a.punpcklqdq(Xmm.XMM0, Xmm.XMM1);
      a.movups(new Mem(address, RAX, 0), Xmm.XMM0);
      return;
    }
    a.mov(BITS_64, RCX, second);
    a.shift(Shift.SHL, BITS_64, RCX, 8 * size);
    a.zeroExtend(size, RDX, first);
    a.alu(Alu.OR, BITS_64, RCX, RDX);
    a.store(2 * size, new Mem(address, RAX, 0), RCX);
  }

  private void loadSwapped(int i, long desc, Gpr d, Mem host) {
    int size = MemDesc.size(desc);
    a.load(size, d, host);
    if (size == 8) {
      a.bswap(BITS_64, d);
    } else if (size > 1) {
      a.bswap(BITS_32, d);
      int shift = 32 - 8 * size;
      if (shift != 0) {
        a.shift(Shift.SHR, BITS_32, d, shift);
      }
    }
    if (MemDesc.isSigned(desc) && size < 8) {
      a.signExtend(size, g.width(i), d, d);
    }
  }

  private void store(int i, long desc) {
    Gpr address = g.use(i, 0);
    Gpr value = g.use(i, 1);
    var slow = new Label();
    var done = new Label();
    int from = g.snapshot();
    translate(address, desc, onlyAligned(desc), SoftMmu.WRITE_TAG);
    int size = MemDesc.size(desc);
    var host = new Mem(address, RAX, 0);
    if (MemDesc.isBigEndian(desc) && size > 1) {
      a.mov(BITS_64, RCX, value);
      a.bswap(BITS_64, RCX);
      if (size < 8) {
        a.shift(Shift.SHR, BITS_64, RCX, 64 - 8 * size);
      }
      a.store(size, host, RCX);
    } else {
      a.store(size, host, value);
    }
    a.bind(done);
    g.slowPath(i, slow, done, from, new Gpr[] {address, value});
  }

  private void probe(int i, long desc) {
    Gpr address = g.use(i, 0);
    var slow = new Label();
    var done = new Label();
    int from = g.snapshot();
    int tag = MemDesc.isWrite(desc) ? SoftMmu.WRITE_TAG : SoftMmu.READ_TAG;
    translate(address, desc, aligned(desc), tag);
    a.bind(done);
    g.slowPath(i, slow, done, from, new Gpr[] {address});
  }

  // ---- atomics ---------------------------------------------------------------------------------

  private void atomic(int i, long desc) {
    Gpr[] operands = new Gpr[g.unit().argumentCount(i)];
    for (int p = 0; p < operands.length; p++) {
      operands[p] = g.use(i, p);
    }
    Gpr d = g.define(i);
    var slow = new Label();
    var done = new Label();
    int from = g.snapshot();
    switch (g.unit().op(i)) {
      case CAS -> compareAndSwap(desc, operands, d);
      case RMW -> readModifyWrite(i, desc, operands, d);
      case LL -> loadLinked(desc, operands[0], d);
      default -> storeConditional(desc, operands, d, slow, done);
    }
    a.bind(done);
    g.slowPath(i, slow, done, from, operands, d);
  }

  /** Leaves the host address in RCX. */
  private void locate(Gpr address, long desc) {
    translate(address, desc, true, SoftMmu.WRITE_TAG);
    a.lea(RCX, new Mem(address, RAX, 0));
  }

  private void compareAndSwap(long desc, Gpr[] operands, Gpr d) {
    locate(operands[0], desc);
    a.mov(BITS_64, RAX, operands[1]);
    replace(MemDesc.size(desc), operands[2]);
    a.mov(BITS_64, d, RAX);
  }

  private void readModifyWrite(int i, long desc, Gpr[] operands, Gpr d) {
    int size = MemDesc.size(desc);
    Rmw operation = Rmw.of(g.unit().auxiliary(i));
    Gpr y = operands[1];
    locate(operands[0], desc);
    if (!g.severalCpus) {
      a.load(size, RAX, Mem.at(RCX, 0));
      a.mov(BITS_64, RDX, RAX);
      combine(operation, g.width(i), y);
      a.store(size, Mem.at(RCX, 0), RDX);
      a.mov(BITS_64, d, RAX);
      return;
    }
    switch (operation) {
      case SWAP -> {
        a.mov(BITS_64, d, y);
        a.xchg(size, Mem.at(RCX, 0), d);
      }
      case ADD -> {
        a.mov(BITS_64, d, y);
        a.lockXadd(size, Mem.at(RCX, 0), d);
      }
      default -> {
        var again = new Label();
        a.load(size, RAX, Mem.at(RCX, 0));
        a.bind(again);
        a.mov(BITS_64, RDX, RAX);
        combine(operation, g.width(i), y);
        replace(size, RDX);
        a.j(Cc.NE, again);
        a.mov(BITS_64, d, RAX);
      }
    }
  }

  /** Replaces what is at RCX if it equals RAX; RAX becomes what was there, ZF says whether. */
  private void replace(int size, Gpr replacement) {
    if (g.severalCpus) {
      a.lockCmpxchg(size, Mem.at(RCX, 0), replacement);
    } else {
      a.cmpxchg(size, Mem.at(RCX, 0), replacement);
    }
  }

  /** RDX becomes RDX op y. */
  private void combine(Rmw operation, Width width, Gpr y) {
    switch (operation) {
      case SWAP -> a.mov(BITS_64, RDX, y);
      case ADD -> a.alu(Alu.ADD, width, RDX, y);
      case AND -> a.alu(Alu.AND, width, RDX, y);
      case OR -> a.alu(Alu.OR, width, RDX, y);
      case XOR -> a.alu(Alu.XOR, width, RDX, y);
      case CLEAR -> {
        a.not(width, RDX);
        a.alu(Alu.OR, width, RDX, y);
        a.not(width, RDX);
      }
      case MINS -> choose(Cc.G, width, y);
      case MAXS -> choose(Cc.L, width, y);
      case MINU -> choose(Cc.A, width, y);
      case MAXU -> choose(Cc.B, width, y);
      default -> throw new AssertionError(operation);
    }
  }

  private void choose(Cc y, Width width, Gpr other) {
    a.alu(Alu.CMP, width, RDX, other);
    a.cmov(y, BITS_64, RDX, other);
  }

  /** Only where a store would do: elsewhere Java says what becomes of it. */
  private void loadLinked(long desc, Gpr address, Gpr d) {
    int size = MemDesc.size(desc);
    locate(address, desc);
    a.load(size, RAX, Mem.at(RCX, 0));
    a.store(8, CodeGenerator.state(EngineState.RESERVATION_VIRTUAL), address);
    a.store(8, CodeGenerator.state(EngineState.RESERVATION_HOST), RCX);
    a.store(8, CodeGenerator.state(EngineState.RESERVATION_VALUE), RAX);
    a.store(4, CodeGenerator.state(EngineState.RESERVED), size);
    a.mov(BITS_64, d, RAX);
  }

  private void storeConditional(long desc, Gpr[] operands, Gpr d, Label slow, Label done) {
    int size = MemDesc.size(desc);
    Gpr address = operands[0];
    var lost = new Label();
    var failed = new Label();
    a.alu(Alu.CMP, BITS_32, CodeGenerator.state(EngineState.RESERVED), size);
    a.j(Cc.NE, lost);
    a.alu(Alu.CMP, BITS_64, address, CodeGenerator.state(EngineState.RESERVATION_VIRTUAL));
    a.j(Cc.NE, lost);
    g.later(() -> {
      a.bind(lost);
      // What is reserved is aligned.
      a.test(BITS_32, address, size - 1);
      a.j(Cc.NE, slow);
      a.bind(failed);
      a.zero(d);
      a.store(4, CodeGenerator.state(EngineState.RESERVED), 0);
      a.jmp(done);
    });
    locate(address, desc);
    a.alu(Alu.CMP, BITS_64, RCX, CodeGenerator.state(EngineState.RESERVATION_HOST));
    a.j(Cc.NE, failed);
    a.load(8, RAX, CodeGenerator.state(EngineState.RESERVATION_VALUE));
    a.store(4, CodeGenerator.state(EngineState.RESERVED), 0);
    if (!g.severalCpus) {
      a.alu(Alu.CMP, size, RAX, Mem.at(RCX, 0));
      a.j(Cc.NE, failed);
      a.store(size, Mem.at(RCX, 0), operands[1]);
      a.mov(d, 1);
      return;
    }
    replace(size, operands[1]);
    a.set(Cc.E, RAX);
    a.zeroExtend(1, d, RAX);
  }
}
