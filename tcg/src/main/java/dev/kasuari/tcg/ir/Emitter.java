package dev.kasuari.tcg.ir;

import dev.kasuari.machine.cpu.LaneHash;
import dev.kasuari.machine.cpu.StateField;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Writes a unit, operation by operation. Semantics methods see only this. Operands are checked as
 * they come: a wrong type is a bug in the semantics and an {@link IllegalArgumentException}.
 *
 * <p>One emitter serves one thread and is reused: {@link #begin} forgets the last unit.
 */
public final class Emitter {
  /** Chaining slot of a {@code goto} that must be looked up each time. */
  public static final int NO_LINK = -1;

  private final Columns columns = new Columns(512, 16);

  /** Values with their numbers, made once for all units. */
  private Value[] values = new Value[0];

  private boolean open;

  private final List<GuestInstruction> instructions = new ArrayList<>();
  private final List<Helper> helpers = new ArrayList<>();
  private final List<VectorDesc> vectors = new ArrayList<>();

  /** Starts a unit: its entry block and {@code unit_start}, whose count is filled in at the end. */
  public void begin() {
    columns.clear();
    instructions.clear();
    helpers.clear();
    vectors.clear();
    open = false;
    bind(block());
    append(Op.UNIT_START, Type.I64, 0, 0);
  }

  /** Ends the unit. Every block must be bound and closed. */
  public IrUnit finish() {
    IrUnit made = view();
    return new IrUnit(
        new Columns(columns),
        List.copyOf(made.instructions()),
        List.copyOf(made.helpers()),
        List.copyOf(made.vectors()));
  }

  /** The same, but what it returns is gone when the next unit begins. */
  public IrUnit view() {
    if (open) {
      throw new IllegalStateException("the last block has no terminator");
    }
    for (int block = 0; block < columns.blockCount; block++) {
      if (columns.blockStart[block] < 0) {
        throw new IllegalStateException("b" + block + " is never bound");
      }
    }
    columns.immediate[0] = instructions.size();
    return new IrUnit(columns, instructions, helpers, vectors);
  }

  /** Whether operations may be appended: a block is bound and has no terminator yet. */
  public boolean open() {
    return open;
  }

  /** Operations so far. */
  public int size() {
    return columns.size;
  }

  // ---- positions -------------------------------------------------------------------------------

  /** Marks the start of a guest instruction {@code delta} bytes from the unit's entry. */
  public void instruction(int delta, int length, long word, boolean restartable) {
    instructions.add(new GuestInstruction(delta, length, word, restartable));
    append(Op.INSN_START, Type.I64, 0, instructions.size() - 1);
  }

  /** Declares that the current instruction resumes from its own partial effects. */
  public void restartable() {
    var last = instructions.removeLast();
    instructions.add(new GuestInstruction(last.delta(), last.length(), last.word(), true));
  }

  /** Number of guest instructions begun. */
  public int instructionCount() {
    return instructions.size();
  }

  // ---- blocks and control ----------------------------------------------------------------------

  /** A new block, to be bound later. */
  public Block block(Type... parameterTypes) {
    var parameters = new ArrayList<Value>(parameterTypes.length);
    for (Type parameter : parameterTypes) {
      parameters.add(newValue(parameter));
    }
    int first = parameters.isEmpty() ? IrUnit.NONE : parameters.getFirst().id;
    return new Block(columns.block(first, parameters.size()), parameters);
  }

  /** The block begins here. The one before must be closed. */
  public void bind(Block block) {
    if (open) {
      throw new IllegalStateException("the block before " + block + " has no terminator");
    }
    if (columns.blockStart[block.index] >= 0) {
      throw new IllegalStateException(block + " is bound twice");
    }
    columns.blockStart[block.index] = columns.size;
    open = true;
  }

  /** Unconditional branch. */
  public void br(Block to, Value... arguments) {
    int i = append(Op.BR, Type.I64, 0, 0);
    passArguments(to, arguments);
    columns.target[i] = to.index;
  }

  /** Branches to one of two blocks without parameters. */
  public void brcond(Cond cond, Value a, Value b, Block taken, Block otherwise) {
    sameType(Op.BRCOND, a, b);
    int i = append(Op.BRCOND, a.type, cond.ordinal(), 0, a, b);
    passArguments(taken);
    passArguments(otherwise);
    columns.target[i] = taken.index;
    columns.otherTarget[i] = otherwise.index;
  }

  /** Branches on a comparison, passing values to the block taken. */
  public void brcond(
      Cond cond, Value a, Value b, Block taken, List<Value> to, Block otherwise, List<Value> or) {
    sameType(Op.BRCOND, a, b);
    int i = append(Op.BRCOND, a.type, cond.ordinal(), 0, a, b);
    passArguments(taken, to.toArray(Value[]::new));
    passArguments(otherwise, or.toArray(Value[]::new));
    columns.target[i] = taken.index;
    columns.otherTarget[i] = otherwise.index;
  }

  /** Branches on flags to one of two blocks without parameters. */
  public void brflags(FlagCond cond, Value flags, Block taken, Block otherwise) {
    expect(Op.BRFLAGS, flags, Type.FLAGS);
    int i = append(Op.BRFLAGS, Type.FLAGS, cond.ordinal(), 0, flags);
    passArguments(taken);
    passArguments(otherwise);
    columns.target[i] = taken.index;
    columns.otherTarget[i] = otherwise.index;
  }

  /** Goes on at entry + {@code delta}; {@code slot} 0 or 1, or {@link #NO_LINK}. */
  public void gotoUnit(long delta, int slot) {
    append(Op.GOTO, Type.I64, delta, slot);
  }

  /** Goes on at a computed address. */
  public void jump(Value address) {
    jump(address, 0);
  }

  /**
   * Goes on at a computed address, by a jump that is not welcome everywhere.
   *
   * @param kind what the CPU is to know of the jump before its target is run: 1 to 3, or 0 for
   *     nothing; see {@link dev.kasuari.machine.cpu.Cpu#jumped}
   */
  public void jump(Value address, int kind) {
    expect(Op.JUMP, address, Type.I64);
    append(Op.JUMP, Type.I64, kind, 0, address);
  }

  /** Leaves for the vCPU loop with the program counter set. */
  public void exit(ExitReason reason, Value address) {
    expect(Op.EXIT, address, Type.I64);
    append(Op.EXIT, Type.I64, 0, reason.ordinal(), address);
  }

  /** Raises an exception at the current instruction. */
  public void raise(int cause, Value value) {
    expect(Op.RAISE, value, Type.I64);
    append(Op.RAISE, Type.I64, cause, 0, value);
  }

  // ---- constants -------------------------------------------------------------------------------

  public Value constant(long value) {
    return one(Op.CONST, Type.I64, value, 0);
  }

  public Value constant32(int value) {
    return one(Op.CONST, Type.I32, value, 0);
  }

  /** A constant of a type; the low bits of the value. */
  public Value constant(Type ofType, long value) {
    return one(Op.CONST, ofType, ofType == Type.I32 ? (int) value : value, 0);
  }

  /** Virtual address {@code delta} bytes from the unit's entry. */
  public Value pc(long delta) {
    return one(Op.PC, Type.I64, delta, 0);
  }

  // ---- arithmetic ------------------------------------------------------------------------------

  /** A pure operation of two operands of one type ({@code add} … {@code maxu}). */
  public Value binary(Op operation, Value a, Value b) {
    if (!operation.isBinary()) {
      throw new IllegalArgumentException(operation.mnemonic() + " is not a binary operation");
    }
    sameType(operation, a, b);
    return one(operation, a.type, 0, 0, a, b);
  }

  /** A pure operation of one operand ({@code not} … {@code bswap}). */
  public Value unary(Op operation, Value a) {
    if (!operation.isUnary()) {
      throw new IllegalArgumentException(operation.mnemonic() + " is not a unary operation");
    }
    return one(operation, a.type, 0, 0, a);
  }

  public Value add(Value a, Value b) {
    return binary(Op.ADD, a, b);
  }

  public Value add(Value a, long b) {
    return binary(Op.ADD, a, constant(a.type, b));
  }

  public Value sub(Value a, Value b) {
    return binary(Op.SUB, a, b);
  }

  public Value mul(Value a, Value b) {
    return binary(Op.MUL, a, b);
  }

  public Value and(Value a, Value b) {
    return binary(Op.AND, a, b);
  }

  public Value and(Value a, long b) {
    return binary(Op.AND, a, constant(a.type, b));
  }

  public Value or(Value a, Value b) {
    return binary(Op.OR, a, b);
  }

  public Value or(Value a, long b) {
    return binary(Op.OR, a, constant(a.type, b));
  }

  public Value xor(Value a, Value b) {
    return binary(Op.XOR, a, b);
  }

  public Value xor(Value a, long b) {
    return binary(Op.XOR, a, constant(a.type, b));
  }

  public Value shl(Value a, Value b) {
    return binary(Op.SHL, a, b);
  }

  public Value shl(Value a, int b) {
    return binary(Op.SHL, a, constant(a.type, b));
  }

  public Value shr(Value a, Value b) {
    return binary(Op.SHR, a, b);
  }

  public Value shr(Value a, int b) {
    return binary(Op.SHR, a, constant(a.type, b));
  }

  public Value sar(Value a, Value b) {
    return binary(Op.SAR, a, b);
  }

  public Value sar(Value a, int b) {
    return binary(Op.SAR, a, constant(a.type, b));
  }

  public Value not(Value a) {
    return unary(Op.NOT, a);
  }

  public Value neg(Value a) {
    return unary(Op.NEG, a);
  }

  /** Two results: low and high half of the product. */
  public Value[] multiplyWide(Value a, Value b, boolean signed) {
    Op operation = signed ? Op.MUL2S : Op.MUL2U;
    sameType(operation, a, b);
    return two(operation, a.type, a.type, 0, a, b);
  }

  /** Two results: sum and carry out. */
  public Value[] addCarry(Value a, Value b, Value carry) {
    sameType(Op.ADDC, a, b);
    sameType(Op.ADDC, a, carry);
    return two(Op.ADDC, a.type, a.type, 0, a, b, carry);
  }

  /** Two results: difference and borrow out. */
  public Value[] subtractBorrow(Value a, Value b, Value borrow) {
    sameType(Op.SUBB, a, b);
    sameType(Op.SUBB, a, borrow);
    return two(Op.SUBB, a.type, a.type, 0, a, b, borrow);
  }

  // ---- width and fields ------------------------------------------------------------------------

  /** Sign-extends the low {@code width} bits within the value's type. */
  public Value signExtend(Value a, int width) {
    return one(Op.SEXT, a.type, fieldWidth(a, width), 0, a);
  }

  /** Zero-extends the low {@code width} bits within the value's type. */
  public Value zeroExtend(Value a, int width) {
    return one(Op.ZEXT, a.type, fieldWidth(a, width), 0, a);
  }

  private static int fieldWidth(Value a, int width) {
    if (width < 1 || width >= a.type.bits()) {
      throw new IllegalArgumentException("field of " + width + " bits in " + a.type);
    }
    return width;
  }

  /** I32 to I64 with the sign. */
  public Value widenSigned(Value a) {
    expect(Op.WIDEN_S, a, Type.I32);
    return one(Op.WIDEN_S, Type.I64, 0, 0, a);
  }

  /** An I32 rotated left by {@code count}, 1 to 31, and widened with the sign. */
  public Value rotateWidenSigned(Value a, int count) {
    expect(Op.ROTL_S, a, Type.I32);
    return one(Op.ROTL_S, Type.I64, fieldWidth(a, count), 0, a);
  }

  /** I32 to I64 with zeros. */
  public Value widenUnsigned(Value a) {
    expect(Op.WIDEN_U, a, Type.I32);
    return one(Op.WIDEN_U, Type.I64, 0, 0, a);
  }

  /** Low half of an I64. */
  public Value narrow(Value a) {
    expect(Op.NARROW, a, Type.I64);
    return one(Op.NARROW, Type.I32, 0, 0, a);
  }

  /** {@code length} bits from {@code position}, zero-extended. */
  public Value extract(Value a, int position, int length) {
    return one(Op.EXTRACT, a.type, field(a, position, length), 0, a);
  }

  /** {@code a} with the field replaced by the low bits of {@code b}. */
  public Value deposit(Value a, Value b, int position, int length) {
    sameType(Op.DEPOSIT, a, b);
    return one(Op.DEPOSIT, a.type, field(a, position, length), 0, a, b);
  }

  /** The {@link LaneHash} of four I64. */
  public Value hash(Value first, Value second, Value third, Value fourth) {
    for (Value lane : new Value[] {first, second, third, fourth}) {
      expect(Op.HASH, lane, Type.I64);
    }
    return one(Op.HASH, Type.I64, 0, 0, first, second, third, fourth);
  }

  private static int field(Value a, int position, int length) {
    if (position < 0 || length < 1 || position + length > a.type.bits()) {
      throw new IllegalArgumentException(
          "bits " + position + ".." + (position + length - 1) + " of " + a.type);
    }
    return position | length << 8;
  }

  // ---- conditions and flags --------------------------------------------------------------------

  /** 1 or 0, in the operands' type. */
  public Value setcond(Cond cond, Value a, Value b) {
    sameType(Op.SETCOND, a, b);
    return one(Op.SETCOND, a.type, cond.ordinal(), 0, a, b);
  }

  public Value setcond(Cond cond, Value a, long b) {
    return setcond(cond, a, constant(a.type, b));
  }

  /** {@code cond(a, b) ? c : d}. */
  public Value select(Cond cond, Value a, Value b, Value c, Value d) {
    sameType(Op.SELECT, a, b);
    sameType(Op.SELECT, c, d);
    return one(Op.SELECT, c.type, cond.ordinal(), 0, a, b, c, d);
  }

  public Value select(Cond cond, Value a, long b, Value c, Value d) {
    return select(cond, a, constant(a.type, b), c, d);
  }

  /** Two results: a op b and its flags; {@code ADDF} or {@code SUBF}. */
  public Value[] withFlags(Op operation, Value a, Value b) {
    sameType(operation, a, b);
    return two(operation, a.type, Type.FLAGS, 0, a, b);
  }

  /** Two results: a op b op carry and its flags; {@code ADCF} or {@code SBBF}. */
  public Value[] withFlags(Op operation, Value a, Value b, Value carry) {
    sameType(operation, a, b);
    sameType(operation, a, carry);
    return two(operation, a.type, Type.FLAGS, 0, a, b, carry);
  }

  public Value logicFlags(Value a) {
    int i = append(Op.LOGICF, a.type, 0, 0, a);
    return define(i, Type.FLAGS);
  }

  /** The same flags with C complemented, as it is where carry means "no borrow". */
  public Value complementCarry(Value flags) {
    expect(Op.CMCF, flags, Type.FLAGS);
    int i = append(Op.CMCF, Type.I32, 0, 0, flags);
    return define(i, Type.FLAGS);
  }

  public Value flagsFromBits(Value bits) {
    expect(Op.FLAGS_MAKE, bits, Type.I32);
    int i = append(Op.FLAGS_MAKE, Type.I32, 0, 0, bits);
    return define(i, Type.FLAGS);
  }

  public Value flagsBits(Value flags) {
    expect(Op.FLAGS_BITS, flags, Type.FLAGS);
    return one(Op.FLAGS_BITS, Type.I32, 0, 0, flags);
  }

  public Value flagsSetcond(FlagCond cond, Value flags, Type resultType) {
    expect(Op.FLAGS_SETCOND, flags, Type.FLAGS);
    return one(Op.FLAGS_SETCOND, resultType, cond.ordinal(), 0, flags);
  }

  // ---- state -----------------------------------------------------------------------------------

  /** Reads a view ({@link StateView}) into a value of the given type. */
  public Value get(Type as, long view) {
    if (StateView.size(view) * 8 > as.bits()) {
      throw new IllegalArgumentException("view of " + StateView.size(view) + " bytes as " + as);
    }
    return one(Op.GET, as, view, 0);
  }

  /** Reads a field, zero-extended to 64 bits. */
  public Value get(StateField field) {
    return get(Type.I64, StateView.of(field));
  }

  /** Reads an element of a register array, zero-extended to 64 bits. */
  public Value get(StateField field, int index) {
    return get(Type.I64, StateView.of(field.at(index), field.size()));
  }

  /** Writes the low bytes of a value to a view. */
  public void set(long view, Value value) {
    if (StateView.size(view) * 8 > value.type.bits()) {
      throw new IllegalArgumentException(
          "view of " + StateView.size(view) + " bytes from " + value);
    }
    append(Op.SET, value.type, view, 0, value);
  }

  public void set(StateField field, Value value) {
    set(StateView.of(field), value);
  }

  public void set(StateField field, int index, Value value) {
    set(StateView.of(field.at(index), field.size()), value);
  }

  /** Works on vectors that are in the state. */
  public void vector(VectorDesc desc) {
    vectors.add(desc);
    append(Op.VECTOR, Type.I64, 0, vectors.size() - 1);
  }

  // ---- memory ----------------------------------------------------------------------------------

  /** Loads into the given type, extending as the descriptor says. */
  public Value load(MemDesc desc, Type as, Value address) {
    fits(desc, as);
    expect(Op.LOAD, address, Type.I64);
    return one(Op.LOAD, as, desc.bits(), 0, address);
  }

  public void store(MemDesc desc, Value address, Value value) {
    fits(desc, value.type);
    expect(Op.STORE, address, Type.I64);
    append(Op.STORE, value.type, desc.bits(), 0, address, value);
  }

  /** Two adjacent values, the one at the lower address first. */
  public Value[] loadPair(MemDesc desc, Type as, Value address) {
    fits(desc, as);
    expect(Op.LOAD2, address, Type.I64);
    return two(Op.LOAD2, as, as, desc.bits(), address);
  }

  public void storePair(MemDesc desc, Value address, Value first, Value second) {
    fits(desc, first.type);
    sameType(Op.STORE2, first, second);
    expect(Op.STORE2, address, Type.I64);
    append(Op.STORE2, first.type, desc.bits(), 0, address, first, second);
  }

  /** Compare and exchange; the old value, extended as the descriptor says. */
  public Value cas(MemDesc desc, Value address, Value expected, Value value) {
    fits(desc, value.type);
    sameType(Op.CAS, expected, value);
    expect(Op.CAS, address, Type.I64);
    return one(Op.CAS, value.type, desc.bits(), 0, address, expected, value);
  }

  /**
   * Compare and exchange of 16 bytes, aligned as a whole: pairs of 64 bits, the one at the lower
   * address first; the old pair.
   *
   * @param desc of one of the two: 8 bytes
   */
  public Value[] casPair(MemDesc desc, Value address, Value[] expected, Value[] value) {
    if (MemDesc.size(desc.bits()) != 8) {
      throw new IllegalArgumentException("a pair of " + desc);
    }
    for (int i = 0; i < 2; i++) {
      expect(Op.CAS2, expected[i], Type.I64);
      expect(Op.CAS2, value[i], Type.I64);
    }
    expect(Op.CAS2, address, Type.I64);
    return two(
        Op.CAS2,
        Type.I64,
        Type.I64,
        desc.bits(),
        address,
        expected[0],
        expected[1],
        value[0],
        value[1]);
  }

  /** Atomic read-modify-write; the old value, extended as the descriptor says. */
  public Value rmw(MemDesc desc, Rmw operation, Value address, Value operand) {
    fits(desc, operand.type);
    expect(Op.RMW, address, Type.I64);
    return one(Op.RMW, operand.type, desc.bits(), operation.ordinal(), address, operand);
  }

  public Value loadLinked(MemDesc desc, Type as, Value address) {
    fits(desc, as);
    expect(Op.LL, address, Type.I64);
    return one(Op.LL, as, desc.bits(), 0, address);
  }

  /** 1 (I32) if the value was stored. */
  public Value storeConditional(MemDesc desc, Value address, Value value) {
    fits(desc, value.type);
    expect(Op.SC, address, Type.I64);
    int i = append(Op.SC, value.type, desc.bits(), 0, address, value);
    return define(i, Type.I32);
  }

  /** Forgets what a load has reserved. */
  public void unreserve() {
    append(Op.UNRESERVE, Type.I64, 0, 0);
  }

  /** Traps as the described access would. */
  public void probe(MemDesc desc, Value address) {
    expect(Op.PROBE, address, Type.I64);
    append(Op.PROBE, Type.I64, desc.bits(), 0, address);
  }

  /** A barrier of {@link MemDesc} fence bits. */
  public void fence(int orders) {
    append(Op.FENCE, Type.I64, orders, 0);
  }

  private static void fits(MemDesc desc, Type as) {
    if (desc.size() * 8 > as.bits()) {
      throw new IllegalArgumentException("access of " + desc.size() + " bytes as " + as);
    }
  }

  // ---- floating point --------------------------------------------------------------------------

  /** An operation whose operands and result have one type ({@code fadd} … {@code frint}). */
  public Value fp(Op operation, FpDesc desc, Value... operands) {
    if (!operation.is(Op.Trait.FP) || operands.length != operation.operands().length()) {
      throw new IllegalArgumentException(operation.mnemonic() + " with " + operands.length);
    }
    for (Value operand : operands) {
      sameType(operation, operands[0], operand);
    }
    return one(operation, operands[0].type, desc.bits(), 0, operands);
  }

  /** An operation whose result has a type of its own: comparison, class, conversion. */
  public Value fpTo(Op operation, FpDesc desc, Type as, Value... operands) {
    if (operands.length != operation.operands().length()) {
      throw new IllegalArgumentException(operation.mnemonic() + " with " + operands.length);
    }
    return one(operation, as, desc.bits(), 0, operands);
  }

  public Value fpFlags() {
    return one(Op.FPFLAGS_GET, Type.I32, 0, 0);
  }

  public void setFpFlags(Value flags) {
    expect(Op.FPFLAGS_SET, flags, Type.I32);
    append(Op.FPFLAGS_SET, Type.I32, 0, 0, flags);
  }

  public void setFpRounding(Value mode) {
    expect(Op.FPROUND_SET, mode, Type.I32);
    append(Op.FPROUND_SET, Type.I32, 0, 0, mode);
  }

  // ---- calls -----------------------------------------------------------------------------------

  /** Calls Java with at most three I64 arguments; an I64 result. */
  public Value call(Helper helper, Value... operands) {
    if (operands.length > 3) {
      throw new IllegalArgumentException(helper.name() + " with " + operands.length + " arguments");
    }
    for (Value operand : operands) {
      expect(Op.CALL, operand, Type.I64);
    }
    int index = helpers.indexOf(helper);
    if (index < 0) {
      index = helpers.size();
      helpers.add(helper);
    }
    return one(Op.CALL, Type.I64, 0, index, operands);
  }

  // ---- the columns -----------------------------------------------------------------------------

  private Value one(Op operation, Type as, long imm, int aux, Value... operands) {
    return define(append(operation, as, imm, aux, operands), as);
  }

  private Value one(Op operation, Type as, long imm, int aux) {
    return define(append(operation, as, imm, aux), as);
  }

  private Value one(Op operation, Type as, long imm, int aux, Value a) {
    return define(append(operation, as, imm, aux, a), as);
  }

  private Value one(Op operation, Type as, long imm, int aux, Value a, Value b) {
    return define(append(operation, as, imm, aux, a, b), as);
  }

  private Value[] two(Op operation, Type as, Type second, long imm, Value... operands) {
    int i = append(operation, as, imm, 0, operands);
    return new Value[] {define(i, as), newValue(second)};
  }

  private Value define(int i, Type as) {
    Value value = newValue(as);
    columns.result[i] = value.id;
    return value;
  }

  private Value newValue(Type as) {
    int id = columns.value(as);
    if (id == values.length) {
      moreValues();
    }
    Value value = values[id];
    value.type = as;
    return value;
  }

  private void moreValues() {
    Value[] more = Arrays.copyOf(values, 2 * values.length + 64);
    for (int id = values.length; id < more.length; id++) {
      more[id] = new Value(id);
    }
    values = more;
  }

  private int append(Op operation, Type as, long imm, int aux, Value... operands) {
    int i = append(operation, as, imm, aux);
    for (Value operand : operands) {
      columns.argument(operand.id);
    }
    return i;
  }

  private int append(Op operation, Type as, long imm, int aux, Value a) {
    int i = append(operation, as, imm, aux);
    columns.argument(a.id);
    return i;
  }

  private int append(Op operation, Type as, long imm, int aux, Value a, Value b) {
    int i = append(operation, as, imm, aux);
    columns.argument(a.id);
    columns.argument(b.id);
    return i;
  }

  /** The operands follow. */
  private int append(Op operation, Type as, long imm, int aux) {
    if (!open) {
      throw new IllegalStateException(operation.mnemonic() + " after a terminator");
    }
    open = !operation.terminator();
    return columns.operation(operation, as, imm, aux);
  }

  private void passArguments(Block to, Value... passed) {
    if (passed.length != to.parameters.size()) {
      throw new IllegalArgumentException(
          to + " takes " + to.parameters.size() + " values, not " + passed.length);
    }
    for (int p = 0; p < passed.length; p++) {
      expect(Op.BR, passed[p], to.parameter(p).type);
      columns.argument(passed[p].id);
    }
  }

  private static void sameType(Op operation, Value a, Value b) {
    if (a.type != b.type) {
      throw new IllegalArgumentException(operation.mnemonic() + " of " + a + " and " + b);
    }
  }

  private static void expect(Op operation, Value a, Type wanted) {
    if (a.type != wanted) {
      throw new IllegalArgumentException(operation.mnemonic() + " wants " + wanted + ", not " + a);
    }
  }
}
