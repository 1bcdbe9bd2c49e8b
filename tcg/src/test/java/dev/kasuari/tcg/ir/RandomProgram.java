package dev.kasuari.tcg.ir;

import dev.kasuari.tcg.TestCpu;
import dev.kasuari.tcg.TestGuest;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.stream.Stream;

/**
 * Makes units out of nothing but a seed: any operation of a given set, values across blocks,
 * diamonds and bounded loops with block parameters, state and memory accesses some of which trap,
 * calls, and every way to end. What it makes obeys the {@link Verifier}; the same seed and set make
 * the same unit.
 */
public final class RandomProgram {
  /** Everything but what no test guest has: 80- and 128-bit floats are never asked for. */
  public static final Set<Op> ALL = EnumSet.allOf(Op.class);

  private static final int MAX_DEPTH = 2;

  /** Of values under pressure: more than any host has registers for. */
  private static final int LEAST_ALIVE = 12;

  private static final int MOST_ALIVE = 60;

  private static final int REGISTERS = TestCpu.X.count();

  private final SplittableRandom random;
  private final Emitter e = new Emitter();
  private final List<Op> pure;
  private final List<Op> memory;
  private final List<Op> floats;
  private final boolean flags;
  private final boolean flagBranches;
  private final boolean calls;
  private final boolean vectors;
  private final RandomVector vector;

  /** Values that may be used here, by scope. */
  private final List<Value> scope = new ArrayList<>();

  /** How many values are alive from the first instruction to the last; 0 for no such. */
  private final int pressure;

  private boolean mayTrap;
  private boolean maySet;
  private boolean restartable;
  private boolean repeats;
  private int depth;

  private RandomProgram(long seed, Set<Op> operations, boolean underPressure) {
    random = new SplittableRandom(seed);
    pressure = underPressure ? random.nextInt(LEAST_ALIVE, MOST_ALIVE + 1) : 0;
    pure = only(operations, Op.Trait.PURE).filter(op -> op != Op.CONST && op != Op.PC).toList();
    memory = only(operations, Op.Trait.MEMORY).filter(op -> op != Op.CALL).toList();
    floats = only(operations, Op.Trait.FP).toList();
    flags = operations.contains(Op.ADDF);
    flagBranches = operations.contains(Op.BRFLAGS);
    calls = operations.contains(Op.CALL);
    vectors = operations.contains(Op.VECTOR);
    vector = new RandomVector(random, TestCpu.X, TestCpu.X.at(REGISTERS - 1));
  }

  private static Stream<Op> only(Set<Op> operations, Op.Trait trait) {
    // In the order of the table, whatever set it is: a seed must mean one program.
    return Stream.of(Op.values()).filter(op -> op.is(trait) && operations.contains(op));
  }

  /**
   * A unit.
   *
   * @param operations those it may use, besides constants, state, blocks and terminators
   */
  public static IrUnit unit(long seed, Set<Op> operations) {
    return new RandomProgram(seed, operations, false).make();
  }

  /** A unit with more values alive at once than a host has registers, and used in any order. */
  public static IrUnit underPressure(long seed, Set<Op> operations) {
    return new RandomProgram(seed, operations, true).make();
  }

  private IrUnit make() {
    e.begin();
    int count = 1 + random.nextInt(6);
    for (int i = 0; i < count; i++) {
      restartable = random.nextInt(8) == 0;
      e.instruction(4 * i, 4, random.nextInt(), restartable);
      depth = 0;
      phase(true);
      if (i == 0) {
        pressUp();
      }
      body(random.nextInt(10));
      phase(false);
      body(1 + random.nextInt(5));
    }
    pressDown();
    end();
    return e.finish();
  }

  /** Values that are all wanted at the end. */
  private void pressUp() {
    for (int i = 0; i < pressure; i++) {
      Type type = integer();
      Value value = register(type);
      add(chance(3) ? value : e.binary(chance(2) ? Op.MUL : Op.XOR, value, constant(type)));
    }
  }

  private void pressDown() {
    for (int i = 0; i < pressure; i++) {
      Value value = scope.get(i);
      int register = i % REGISTERS;
      Value before = e.get(value.type(), StateView.of(TestCpu.X.at(register), size(value)));
      e.set(StateView.of(TestCpu.X.at(register), size(value)), e.add(before, value));
    }
  }

  private static int size(Value value) {
    return value.type().bits() / 8;
  }

  /** Until something is written the instruction may trap; from then on it may not, and writes. */
  private void phase(boolean first) {
    mayTrap = first || restartable;
    maySet = !first || restartable;
  }

  /** Not in a loop, where it would be followed by itself. */
  private boolean mayTrapAndWrite() {
    return !repeats || restartable;
  }

  private boolean chance(int of) {
    return random.nextInt(of) == 0;
  }

  private <T> T pick(List<T> from) {
    return from.get(random.nextInt(from.size()));
  }

  // ---- values ----------------------------------------------------------------------------------

  private Type integer() {
    return chance(3) ? Type.I32 : Type.I64;
  }

  private Value add(Value value) {
    scope.add(value);
    return value;
  }

  private void add(Value[] values) {
    scope.addAll(List.of(values));
  }

  /** Some value of a type: one in scope, more likely a recent one; a constant; a register. */
  private Value value(Type type) {
    for (int tries = 0; tries < 6 && !scope.isEmpty(); tries++) {
      boolean any = pressure > 0 || chance(3);
      int back = random.nextInt(any ? scope.size() : Math.min(scope.size(), 6));
      Value candidate = scope.get(scope.size() - 1 - back);
      if (candidate.type() == type) {
        return candidate;
      }
    }
    if (type == Type.FLAGS) {
      return add(e.withFlags(Op.ADDF, value(Type.I64), value(Type.I64))[1]);
    }
    return add(chance(2) ? constant(type) : register(type));
  }

  private Value constant(Type type) {
    return e.constant(type, TestGuest.interesting(random));
  }

  private Value register(Type type) {
    return e.get(type, view(type.bits() / 8));
  }

  /** A view of registers: mostly one that is whole, sometimes some bytes at any offset. */
  private long view(int bytes) {
    int index = random.nextInt(REGISTERS);
    if (!chance(4)) {
      return StateView.of(TestCpu.X.at(index), bytes);
    }
    int size = 1 << random.nextInt(Integer.numberOfTrailingZeros(bytes) + 1);
    int offset = random.nextInt((REGISTERS * 8 - size) / size + 1) * size;
    long view = StateView.of(TestCpu.X.offset() + offset, size);
    return chance(2) && size < bytes ? StateView.signed(view) : view;
  }

  private Value[] values(Type... types) {
    return Stream.of(types).map(this::value).toArray(Value[]::new);
  }

  // ---- bodies ----------------------------------------------------------------------------------

  private void body(int operations) {
    for (int i = 0; i < operations && e.open(); i++) {
      operation();
    }
  }

  private void operation() {
    int kind = random.nextInt(20);
    if (kind < 8 && !pure.isEmpty()) {
      pure(pick(pure));
    } else if (kind < 12 && mayTrap && !memory.isEmpty()) {
      memory(pick(memory));
    } else if (kind < 14 && maySet) {
      if (vectors && chance(2)) {
        e.vector(vector.any());
      } else {
        set();
      }
    } else if (kind < 15 && !floats.isEmpty()) {
      floatingPoint(pick(floats));
    } else if (kind < 16 && mayTrap && calls) {
      call();
    } else if (kind < 17 && depth < MAX_DEPTH) {
      nested(this::diamond);
    } else if (kind < 18 && depth < MAX_DEPTH) {
      nested(this::loop);
    } else if (kind < 19 && depth == 0 && mayTrap) {
      nested(this::sideExit);
    } else {
      add(chance(8) ? e.pc(random.nextInt(-64, 64)) : register(integer()));
    }
  }

  private void set() {
    Type type = integer();
    e.set(view(type.bits() / 8), value(type));
  }

  /** What is made in a nested structure is out of scope after it. */
  private void nested(Runnable structure) {
    depth++;
    structure.run();
    depth--;
  }

  private void truncate(int size) {
    while (scope.size() > size) {
      scope.removeLast();
    }
  }

  // ---- pure operations -------------------------------------------------------------------------

  private void pure(Op op) {
    Type type = integer();
    switch (op) {
      case SEXT -> add(e.signExtend(value(type), 1 + random.nextInt(type.bits() - 1)));
      case ZEXT -> add(e.zeroExtend(value(type), 1 + random.nextInt(type.bits() - 1)));
      case WIDEN_S -> add(e.widenSigned(value(Type.I32)));
      case WIDEN_U -> add(e.widenUnsigned(value(Type.I32)));
      case ROTL_S -> add(e.rotateWidenSigned(value(Type.I32), 1 + random.nextInt(31)));
      case OR -> or(type);
      case NARROW -> add(e.narrow(value(Type.I64)));
      case EXTRACT -> {
        int position = random.nextInt(type.bits());
        add(e.extract(value(type), position, 1 + random.nextInt(type.bits() - position)));
      }
      case DEPOSIT -> {
        int position = random.nextInt(type.bits());
        int length = 1 + random.nextInt(type.bits() - position);
        add(e.deposit(value(type), value(type), position, length));
      }
      case HASH -> add(e.hash(value(Type.I64), value(Type.I64), value(Type.I64), value(Type.I64)));
      case SETCOND -> add(e.setcond(cond(), value(type), value(type)));
      case SELECT -> {
        Type chosen = integer();
        add(e.select(cond(), value(type), value(type), value(chosen), value(chosen)));
      }
      case MUL2S -> add(e.multiplyWide(value(type), value(type), true));
      case MUL2U -> add(e.multiplyWide(value(type), value(type), false));
      case ADDC -> add(e.addCarry(value(type), value(type), bit(type)));
      case SUBB -> add(e.subtractBorrow(value(type), value(type), bit(type)));
      case FCLASS -> {
        FpDesc.Format format = format();
        add(e.fpTo(op, FpDesc.of(format), type, value(holder(format))));
      }
      default -> {
        if (op.operands().contains("f") || op.results().contains("f")) {
          flags(op, type);
        } else if (op.operands().equals("TT")) {
          add(e.binary(op, value(type), value(type)));
        } else {
          add(e.unary(op, value(type)));
        }
      }
    }
  }

  /** Sometimes of two shifts, which the optimiser takes for a rotation if they are one. */
  private void or(Type type) {
    if (random.nextBoolean()) {
      add(e.binary(Op.OR, value(type), value(type)));
      return;
    }
    Value shifted = value(type);
    int bits = type.bits();
    int count = random.nextInt(bits);
    int rest = random.nextInt(8) == 0 ? random.nextInt(bits) : bits - count & bits - 1;
    Value left = e.shl(shifted, count);
    Value right = e.shr(random.nextInt(8) == 0 ? value(type) : shifted, rest);
    if (type == Type.I32 && random.nextBoolean()) {
      left = e.widenSigned(left);
      right = e.widenSigned(right);
    }
    add(random.nextBoolean() ? e.or(left, right) : e.or(right, left));
  }

  private void flags(Op op, Type type) {
    if (!flags) {
      return;
    }
    switch (op) {
      case ADDF, SUBF -> add(e.withFlags(op, value(type), value(type)));
      case ADCF, SBBF -> add(e.withFlags(op, value(type), value(type), bit(type)));
      case LOGICF -> add(e.logicFlags(value(type)));
      case FLAGS_MAKE -> add(e.flagsFromBits(value(Type.I32)));
      case CMCF -> add(e.complementCarry(value(Type.FLAGS)));
      case FLAGS_BITS -> add(e.flagsBits(value(Type.FLAGS)));
      case FLAGS_SETCOND -> add(e.flagsSetcond(flagCond(), value(Type.FLAGS), type));
      default -> throw new AssertionError(op);
    }
  }

  private Value bit(Type type) {
    return e.and(value(type), 1);
  }

  private Cond cond() {
    return Cond.of(random.nextInt(Cond.values().length));
  }

  private FlagCond flagCond() {
    return FlagCond.of(random.nextInt(FlagCond.values().length));
  }

  // ---- guest memory ----------------------------------------------------------------------------

  private MemDesc desc(int sizeLog2, boolean atomic) {
    var desc = MemDesc.of(1 << sizeLog2).mmuIndex(random.nextInt(2));
    desc = chance(2) ? desc.signed() : desc;
    desc = chance(8) ? desc.bigEndian() : desc;
    desc = chance(8) ? desc.acquire() : desc;
    desc = chance(8) ? desc.release() : desc;
    desc = chance(3) ? desc.atomicity(MemDesc.Atomicity.WITHIN_16) : desc;
    if (atomic || chance(10)) {
      var policies = MemDesc.Alignment.values();
      desc = desc.alignment(policies[random.nextInt(policies.length)]);
    }
    return desc;
  }

  /** Mostly RAM, at any alignment; sometimes registers, a hole, or anywhere. */
  private Value address(int size, boolean atomic) {
    int where = random.nextInt(24);
    long base = TestGuest.RAM + random.nextInt(15) * 0x1000L;
    long mask = (atomic && !chance(10)) || !chance(3) ? 0xfffL & -size : 0x1fff;
    if (where == 0) {
      base = TestGuest.VOID;
    } else if (where < 4 && !atomic) {
      base = TestGuest.MMIO;
      mask = chance(4) ? 0xfff : 0x7ffL & -size;
    } else if (where == 4 && chance(4)) {
      return value(Type.I64);
    }
    return e.add(e.and(value(Type.I64), mask), base);
  }

  private void memory(Op op) {
    if (op == Op.FENCE) {
      e.fence(1 + random.nextInt(MemDesc.FENCE_ALL));
      return;
    }
    if (!mayTrapAndWrite() && op.is(Op.Trait.WRITES_STATE)) {
      return;
    }
    if (op == Op.UNRESERVE) {
      e.unreserve();
      phase(false);
      return;
    }
    boolean atomic = op == Op.CAS || op == Op.CAS2 || op == Op.RMW || op == Op.LL || op == Op.SC;
    Type type = op == Op.CAS2 ? Type.I64 : integer();
    int log2 = atomic ? (type == Type.I32 ? 2 : 3) : random.nextInt(type == Type.I32 ? 3 : 4);
    MemDesc desc = desc(log2, atomic);
    Value address = address(op == Op.CAS2 ? 16 : 1 << log2, atomic);
    switch (op) {
      case LOAD -> add(e.load(desc, type, address));
      case STORE -> e.store(desc, address, value(type));
      case LOAD2 -> add(e.loadPair(desc, type, address));
      case STORE2 -> e.storePair(desc, address, value(type), value(type));
      case CAS -> add(e.cas(desc, address, value(type), value(type)));
      case CAS2 ->
          add(
              e.casPair(
                  desc,
                  address,
                  new Value[] {value(type), value(type)},
                  new Value[] {value(type), value(type)}));
      case RMW ->
          add(e.rmw(desc, Rmw.of(random.nextInt(Rmw.values().length)), address, value(type)));
      case LL -> add(e.loadLinked(desc, type, address));
      case SC -> add(e.storeConditional(desc, address, value(type)));
      case PROBE -> e.probe(chance(2) ? desc.write() : desc, address);
      default -> throw new AssertionError(op);
    }
    if (op.is(Op.Trait.WRITES_STATE)) {
      phase(false);
    }
  }

  // ---- floating point --------------------------------------------------------------------------

  private FpDesc.Format format() {
    return chance(3) ? FpDesc.Format.F32 : FpDesc.Format.F64;
  }

  private static Type holder(FpDesc.Format format) {
    return format == FpDesc.Format.F64 ? Type.I64 : Type.I32;
  }

  private void floatingPoint(Op op) {
    FpDesc.Format format = format();
    Type type = holder(format);
    FpDesc desc = chance(4) ? FpDesc.of(format).rounding(random.nextInt(5)) : FpDesc.of(format);
    desc = chance(8) ? desc.defaultNans() : desc;
    desc = chance(16) ? desc.flushInputs() : desc;
    desc = chance(16) ? desc.flushOutputs() : desc;
    switch (op) {
      case FPFLAGS_GET -> add(e.fpFlags());
      case FPFLAGS_SET -> e.setFpFlags(e.and(value(Type.I32), 31));
      case FPROUND_SET -> e.setFpRounding(e.constant32(random.nextInt(5)));
      case FMA -> {
        desc = chance(2) ? desc.negateProduct() : desc;
        desc = chance(2) ? desc.negateAddend() : desc;
        add(e.fp(op, desc, values(type, type, type)));
      }
      case FSQRT -> add(e.fp(op, desc, value(type)));
      case FRINT -> add(e.fp(op, chance(2) ? desc.raiseInexact() : desc, value(type)));
      case FMIN, FMAX -> {
        var variants = FpDesc.MinMax.values();
        desc = desc.minMax(variants[random.nextInt(variants.length)]);
        add(e.fp(op, desc, values(type, type)));
      }
      case FCMP -> {
        var relations = FpDesc.Relation.values();
        desc = desc.relation(relations[random.nextInt(relations.length)]);
        add(e.fpTo(op, chance(2) ? desc.signaling() : desc, integer(), values(type, type)));
      }
      case FCVT -> {
        FpDesc.Format to = format();
        add(e.fpTo(op, FpDesc.convert(format, to), holder(to), value(type)));
      }
      case FTOI -> {
        Type to = integer();
        add(e.fpTo(op, desc.integer(to.bits(), chance(2)), to, value(type)));
      }
      case ITOF -> {
        Type from = integer();
        add(e.fpTo(op, desc.integer(from.bits(), chance(2)), type, value(from)));
      }
      default -> add(e.fp(op, desc, values(type, type)));
    }
  }

  // ---- calls -----------------------------------------------------------------------------------

  /** Mixes its arguments with a register and writes one; raises if asked to. */
  private record Mix(int register, boolean raises) implements Helper {
    @Override
    public String name() {
      return (raises ? "raise" : "mix") + register;
    }

    @Override
    public long call(Context context, long a, long b, long c) {
      var state = context.cpu().state();
      long mixed = Long.rotateLeft(a, 7) ^ b * 31 + c + state.get(TestCpu.X, register);
      if (raises && (mixed & 7) == 0) {
        context.raise(40 + register, mixed);
        return 0;
      }
      state.set(TestCpu.X, register, mixed ^ context.cpu().pc());
      return mixed;
    }
  }

  private void call() {
    if (!mayTrapAndWrite()) {
      return;
    }
    Value[] arguments = new Value[random.nextInt(4)];
    for (int i = 0; i < arguments.length; i++) {
      arguments[i] = value(Type.I64);
    }
    add(e.call(new Mix(random.nextInt(4), chance(4)), arguments));
    phase(false);
  }

  // ---- structures ------------------------------------------------------------------------------

  private Type[] parameterTypes() {
    Type[] types = new Type[random.nextInt(5)];
    for (int i = 0; i < types.length; i++) {
      types[i] = flags && chance(6) ? Type.FLAGS : integer();
    }
    return types;
  }

  private void bind(Block block, int scopeSize) {
    truncate(scopeSize);
    e.bind(block);
    scope.addAll(block.parameters);
  }

  private void diamond() {
    int size = scope.size();
    Type[] types = parameterTypes();
    Block join = e.block(types);
    Type type = integer();
    if (chance(4)) {
      Value[] both = values(type, type);
      e.brcond(
          cond(), both[0], both[1], join, List.of(values(types)), join, List.of(values(types)));
    } else {
      Block then = e.block();
      Block otherwise = e.block();
      boolean mayTrapBefore = mayTrap;
      boolean maySetBefore = maySet;
      branch(then, otherwise);
      size = Math.max(size, scope.size());
      bind(then, size);
      body(random.nextInt(4));
      e.br(join, values(types));
      boolean wrote = mayTrapBefore && !mayTrap;
      mayTrap = mayTrapBefore;
      maySet = maySetBefore;
      bind(otherwise, size);
      body(random.nextInt(4));
      e.br(join, values(types));
      if (wrote) {
        phase(false);
      }
    }
    bind(join, size);
  }

  private void branch(Block then, Block otherwise) {
    if (flagBranches && flags && chance(3)) {
      e.brflags(flagCond(), value(Type.FLAGS), then, otherwise);
    } else {
      Type type = integer();
      e.brcond(cond(), value(type), value(type), then, otherwise);
    }
  }

  /** Counts down; the other parameters change places and values as it goes. */
  private void loop() {
    int size = scope.size();
    Type type = integer();
    Block head = e.block(Type.I64, type, type);
    Block after = e.block(type, type);
    e.br(head, e.constant(1 + random.nextInt(5)), value(type), value(type));
    bind(head, size);
    boolean repeatsBefore = repeats;
    repeats = true;
    body(random.nextInt(4));
    repeats = repeatsBefore;
    Value left = e.sub(head.parameter(0), e.constant(1));
    Value first = chance(2) ? head.parameter(2) : value(type);
    Value second = chance(2) ? head.parameter(1) : value(type);
    e.brcond(
        Cond.NE,
        left,
        e.constant(0),
        head,
        List.of(left, first, second),
        after,
        List.of(second, head.parameter(1)));
    bind(after, size);
  }

  /** Leaves or traps on a condition. */
  private void sideExit() {
    int size = scope.size();
    Block out = e.block();
    Block on = e.block();
    branch(out, on);
    size = Math.max(size, scope.size());
    bind(out, size);
    end();
    bind(on, size);
  }

  /** Any of the ways to end; the state is as the instruction's traps need it. */
  private void end() {
    switch (random.nextInt(mayTrap ? 8 : 7)) {
      case 0, 1, 2 -> e.gotoUnit(random.nextLong(-256, 256) * 2, random.nextInt(-1, 2));
      case 3, 4 -> e.jump(value(Type.I64), random.nextInt(4));
      case 5 -> e.exit(ExitReason.LOOKUP, value(Type.I64));
      case 6 -> e.exit(ExitReason.of(random.nextInt(ExitReason.values().length)), e.pc(4));
      default -> e.raise(random.nextInt(32), value(Type.I64));
    }
  }
}
