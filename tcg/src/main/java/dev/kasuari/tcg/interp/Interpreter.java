package dev.kasuari.tcg.interp;

import dev.kasuari.host.RawMemory;
import dev.kasuari.tcg.BackEnd;
import dev.kasuari.tcg.CompiledCode;
import dev.kasuari.tcg.EngineState;
import dev.kasuari.tcg.ExecutionContext;
import dev.kasuari.tcg.Exit;
import dev.kasuari.tcg.PairExchange;
import dev.kasuari.tcg.SoftMmu;
import dev.kasuari.tcg.TranslationBlock;
import dev.kasuari.tcg.ir.Cond;
import dev.kasuari.tcg.ir.Helper;
import dev.kasuari.tcg.ir.IrUnit;
import dev.kasuari.tcg.x86_64.PairInstruction;
import org.jspecify.annotations.Nullable;

/**
 * Runs unoptimised IR on any host.
 *
 * <p>Hot: {@link #run} is where all guest time goes. It must stay below HotSpot's limit of 8,000
 * bytecodes, and with what is inlined into it too, or HotSpot compiles it badly or not at all: so
 * similar opcodes share an arm with one access to the state, and what is not frequent is in {@link
 * SlowOperations}.
 */
public final class Interpreter implements BackEnd {
  @Override
  public String name() {
    return "interp";
  }

  @Override
  public CompiledCode compile(IrUnit unit, int pageOffset) {
    return Lowering.lower(unit);
  }

  @Override
  public @Nullable PairExchange pairExchange() {
    return PairInstruction.find();
  }

  @Override
  public Exit run(ExecutionContext context, TranslationBlock first, long entry) {
    final SoftMmu mmu = context.mmu();
    final long state = context.state();
    TranslationBlock block = first;
    InterpCode code = (InterpCode) block.code();
    int[] w = code.words();
    long[] r = context.frame(code.frame());
    long base = entry;
    int p = 0;
    while (true) {
      switch (w[p]) {
        case Opcode.UNIT_START -> {
          context.current = null;
          if (RawMemory.getIntVolatile(state + EngineState.POLL) != 0) {
            context.cpu().setPc(base);
            return Exit.POLL;
          }
          long retired = RawMemory.getLong(state + EngineState.RETIRED);
          RawMemory.putLong(state + EngineState.RETIRED, retired + w[p + 1]);
          p += 2;
        }
        case Opcode.CONST -> {
          r[w[p + 1]] = w[p + 2];
          p += 3;
        }
        case Opcode.CONST_WIDE -> {
          r[w[p + 1]] = (w[p + 2] & 0xffffffffL) | ((long) w[p + 3] << 32);
          p += 4;
        }
        case Opcode.PC -> {
          r[w[p + 1]] = base + w[p + 2];
          p += 3;
        }
        case Opcode.MOVE -> {
          r[w[p + 1]] = r[w[p + 2]];
          p += 3;
        }
        case Opcode.GET_8 -> {
          r[w[p + 1]] = RawMemory.getLong(state + w[p + 2]);
          p += 3;
        }
        case Opcode.GET_4U -> {
          r[w[p + 1]] = RawMemory.getInt(state + w[p + 2]) & 0xffffffffL;
          p += 3;
        }
        case Opcode.GET_4S -> {
          r[w[p + 1]] = RawMemory.getInt(state + w[p + 2]);
          p += 3;
        }
        case Opcode.SET_8 -> {
          RawMemory.putLong(state + w[p + 2], r[w[p + 1]]);
          p += 3;
        }
        case Opcode.SET_4 -> {
          RawMemory.putInt(state + w[p + 2], (int) r[w[p + 1]]);
          p += 3;
        }
        case Opcode.ADD -> {
          r[w[p + 1]] = r[w[p + 2]] + r[w[p + 3]];
          p += 4;
        }
        case Opcode.SUB -> {
          r[w[p + 1]] = r[w[p + 2]] - r[w[p + 3]];
          p += 4;
        }
        case Opcode.MUL -> {
          r[w[p + 1]] = r[w[p + 2]] * r[w[p + 3]];
          p += 4;
        }
        case Opcode.AND -> {
          r[w[p + 1]] = r[w[p + 2]] & r[w[p + 3]];
          p += 4;
        }
        case Opcode.OR -> {
          r[w[p + 1]] = r[w[p + 2]] | r[w[p + 3]];
          p += 4;
        }
        case Opcode.XOR -> {
          r[w[p + 1]] = r[w[p + 2]] ^ r[w[p + 3]];
          p += 4;
        }
        case Opcode.SHL -> {
          r[w[p + 1]] = r[w[p + 2]] << r[w[p + 3]];
          p += 4;
        }
        case Opcode.SHR -> {
          r[w[p + 1]] = r[w[p + 2]] >>> r[w[p + 3]];
          p += 4;
        }
        case Opcode.SAR -> {
          r[w[p + 1]] = r[w[p + 2]] >> r[w[p + 3]];
          p += 4;
        }
        case Opcode.ADD_32 -> {
          r[w[p + 1]] = (int) (r[w[p + 2]] + r[w[p + 3]]);
          p += 4;
        }
        case Opcode.SUB_32 -> {
          r[w[p + 1]] = (int) (r[w[p + 2]] - r[w[p + 3]]);
          p += 4;
        }
        case Opcode.MUL_32 -> {
          r[w[p + 1]] = (int) (r[w[p + 2]] * r[w[p + 3]]);
          p += 4;
        }
        case Opcode.SHL_32 -> {
          r[w[p + 1]] = (int) (r[w[p + 2]] << (r[w[p + 3]] & 31));
          p += 4;
        }
        case Opcode.SHR_32 -> {
          r[w[p + 1]] = (int) ((r[w[p + 2]] & 0xffffffffL) >>> (r[w[p + 3]] & 31));
          p += 4;
        }
        case Opcode.SAR_32 -> {
          r[w[p + 1]] = (int) r[w[p + 2]] >> (int) r[w[p + 3]];
          p += 4;
        }
        case Opcode.ADD_I -> {
          r[w[p + 1]] = r[w[p + 2]] + w[p + 3];
          p += 4;
        }
        case Opcode.AND_I -> {
          r[w[p + 1]] = r[w[p + 2]] & w[p + 3];
          p += 4;
        }
        case Opcode.OR_I -> {
          r[w[p + 1]] = r[w[p + 2]] | w[p + 3];
          p += 4;
        }
        case Opcode.XOR_I -> {
          r[w[p + 1]] = r[w[p + 2]] ^ w[p + 3];
          p += 4;
        }
        case Opcode.SHL_I -> {
          r[w[p + 1]] = r[w[p + 2]] << w[p + 3];
          p += 4;
        }
        case Opcode.SHR_I -> {
          r[w[p + 1]] = r[w[p + 2]] >>> w[p + 3];
          p += 4;
        }
        case Opcode.SAR_I -> {
          r[w[p + 1]] = r[w[p + 2]] >> w[p + 3];
          p += 4;
        }
        case Opcode.ADD_32_I -> {
          r[w[p + 1]] = (int) (r[w[p + 2]] + w[p + 3]);
          p += 4;
        }
        case Opcode.SHL_32_I -> {
          r[w[p + 1]] = (int) (r[w[p + 2]] << (w[p + 3] & 31));
          p += 4;
        }
        case Opcode.SHR_32_I -> {
          r[w[p + 1]] = (int) ((r[w[p + 2]] & 0xffffffffL) >>> (w[p + 3] & 31));
          p += 4;
        }
        case Opcode.SAR_32_I -> {
          r[w[p + 1]] = (int) r[w[p + 2]] >> w[p + 3];
          p += 4;
        }
        case Opcode.NARROW -> {
          r[w[p + 1]] = (int) r[w[p + 2]];
          p += 3;
        }
        case Opcode.WIDEN_U -> {
          r[w[p + 1]] = r[w[p + 2]] & 0xffffffffL;
          p += 3;
        }
        case Opcode.SEXT -> {
          r[w[p + 1]] = r[w[p + 2]] << w[p + 3] >> w[p + 3];
          p += 4;
        }
        case Opcode.ZEXT -> {
          r[w[p + 1]] = r[w[p + 2]] << w[p + 3] >>> w[p + 3];
          p += 4;
        }
        case Opcode.EXTRACT -> {
          r[w[p + 1]] = r[w[p + 2]] << w[p + 3] >>> w[p + 4];
          p += 5;
        }
        case Opcode.SETCOND -> {
          r[w[p + 1]] = Cond.of(w[p + 4]).test(r[w[p + 2]], r[w[p + 3]]) ? 1 : 0;
          p += 5;
        }
        case Opcode.SELECT -> {
          boolean holds = Cond.of(w[p + 4]).test(r[w[p + 2]], r[w[p + 3]]);
          r[w[p + 1]] = holds ? r[w[p + 5]] : r[w[p + 6]];
          p += 7;
        }
        case Opcode.BR -> p = w[p + 1];
        case Opcode.BR_EQ, Opcode.BR_NE, Opcode.BR_LT, Opcode.BR_GE, Opcode.BR_LTU, Opcode.BR_GEU ->
            p = branches(w[p] - Opcode.BR_EQ, r[w[p + 1]], r[w[p + 2]]) ? w[p + 3] : w[p + 4];
        case Opcode.BR_COND ->
            p = Cond.of(w[p + 5]).test(r[w[p + 1]], r[w[p + 2]]) ? w[p + 3] : w[p + 4];
        case Opcode.LOAD_1U,
            Opcode.LOAD_1S,
            Opcode.LOAD_2U,
            Opcode.LOAD_2S,
            Opcode.LOAD_4U,
            Opcode.LOAD_4S,
            Opcode.LOAD_8 -> {
          long address = r[w[p + 2]];
          long at = FastPath.entry(state, w[p + 3], address);
          if (FastPath.hits(at + SoftMmu.READ_TAG, address, w[p + 4])) {
            r[w[p + 1]] =
                FastPath.load(
                    w[p] - Opcode.LOAD_1U, address + RawMemory.getLong(at + SoftMmu.ADDEND));
          } else {
            long value = mmu.load(address, w[p + 4]);
            if (mmu.faulted) {
              return Leaving.fault(context, block, code.unit(), base, w[p + 5]);
            }
            r[w[p + 1]] = w[p] == Opcode.LOAD_4S ? (int) value : value;
          }
          p += 6;
        }
        case Opcode.STORE_1, Opcode.STORE_2, Opcode.STORE_4, Opcode.STORE_8 -> {
          long address = r[w[p + 1]];
          long value = r[w[p + 2]];
          long at = FastPath.entry(state, w[p + 3], address);
          if (FastPath.hits(at + SoftMmu.WRITE_TAG, address, w[p + 4])) {
            FastPath.store(
                w[p] - Opcode.STORE_1, address + RawMemory.getLong(at + SoftMmu.ADDEND), value);
          } else {
            mmu.store(address, value, w[p + 4]);
            if (mmu.faulted) {
              return Leaving.fault(context, block, code.unit(), base, w[p + 5]);
            }
          }
          p += 6;
        }
        case Opcode.X_LOAD_1U,
            Opcode.X_LOAD_1S,
            Opcode.X_LOAD_2U,
            Opcode.X_LOAD_2S,
            Opcode.X_LOAD_4U,
            Opcode.X_LOAD_4S,
            Opcode.X_LOAD_8 -> {
          long address = RawMemory.getLong(state + w[p + 2]) + w[p + 3];
          long at = FastPath.entry(state, w[p + 4], address);
          long value;
          if (FastPath.hits(at + SoftMmu.READ_TAG, address, w[p + 5])) {
            value =
                FastPath.load(
                    w[p] - Opcode.X_LOAD_1U, address + RawMemory.getLong(at + SoftMmu.ADDEND));
          } else {
            value = mmu.load(address, w[p + 5]);
            if (mmu.faulted) {
              return Leaving.fault(context, block, code.unit(), base, w[p + 6]);
            }
          }
          RawMemory.putLong(state + w[p + 1], value);
          p += 7;
        }
        case Opcode.X_STORE_1, Opcode.X_STORE_2, Opcode.X_STORE_4, Opcode.X_STORE_8 -> {
          long address = RawMemory.getLong(state + w[p + 1]) + w[p + 2];
          long value = RawMemory.getLong(state + w[p + 3]);
          long at = FastPath.entry(state, w[p + 4], address);
          if (FastPath.hits(at + SoftMmu.WRITE_TAG, address, w[p + 5])) {
            FastPath.store(
                w[p] - Opcode.X_STORE_1, address + RawMemory.getLong(at + SoftMmu.ADDEND), value);
          } else {
            mmu.store(address, value, w[p + 5]);
            if (mmu.faulted) {
              return Leaving.fault(context, block, code.unit(), base, w[p + 6]);
            }
          }
          p += 7;
        }
        case Opcode.X_CONST -> {
          RawMemory.putLong(state + w[p + 1], w[p + 2]);
          p += 3;
        }
        case Opcode.X_ADD,
            Opcode.X_SUB,
            Opcode.X_AND,
            Opcode.X_OR,
            Opcode.X_XOR,
            Opcode.X_ADD_32,
            Opcode.X_SUB_32 -> {
          long y = RawMemory.getLong(state + w[p + 2]);
          long z = RawMemory.getLong(state + w[p + 3]);
          RawMemory.putLong(state + w[p + 1], registers(w[p], y, z));
          p += 4;
        }
        case Opcode.X_ADD_I,
            Opcode.X_AND_I,
            Opcode.X_OR_I,
            Opcode.X_XOR_I,
            Opcode.X_SHL_I,
            Opcode.X_SHR_I,
            Opcode.X_SAR_I,
            Opcode.X_ADD_32_I,
            Opcode.X_SHL_32_I -> {
          long y = RawMemory.getLong(state + w[p + 2]);
          RawMemory.putLong(state + w[p + 1], immediate(w[p], y, w[p + 3]));
          p += 4;
        }
        case Opcode.X_BR_EQ,
            Opcode.X_BR_NE,
            Opcode.X_BR_LT,
            Opcode.X_BR_GE,
            Opcode.X_BR_LTU,
            Opcode.X_BR_GEU -> {
          long y = RawMemory.getLong(state + w[p + 1]);
          long z = RawMemory.getLong(state + w[p + 2]);
          p = branches(w[p] - Opcode.X_BR_EQ, y, z) ? w[p + 3] : w[p + 4];
        }
        case Opcode.X_BR_EQ_I, Opcode.X_BR_NE_I, Opcode.X_BR_LT_I, Opcode.X_BR_GE_I -> {
          long y = RawMemory.getLong(state + w[p + 1]);
          p = branches(w[p] - Opcode.X_BR_EQ_I, y, w[p + 2]) ? w[p + 3] : w[p + 4];
        }
        case Opcode.MEMORY -> {
          SlowOperations.memory(context, code.unit(), code.slots(), w[p + 1], r);
          if (mmu.faulted) {
            return Leaving.fault(context, block, code.unit(), base, w[p + 2]);
          }
          p += 3;
        }
        case Opcode.SLOW -> {
          SlowOperations.compute(context, code.unit(), code.slots(), w[p + 1], r);
          p += 2;
        }
        case Opcode.CALL -> {
          Leaving.enterJava(context, block, code.unit(), base, w[p + 6]);
          Helper helper = code.unit().helpers().get(w[p + 2]);
          long result =
              context.call(
                  helper, argument(r, w[p + 3]), argument(r, w[p + 4]), argument(r, w[p + 5]));
          if (mmu.faulted) {
            return Leaving.fault(context, block, code.unit(), base, w[p + 6]);
          }
          r = context.frame(code.frame());
          r[w[p + 1]] = result;
          p += 7;
        }
        case Opcode.GOTO -> {
          long target = base + w[p + 1];
          Leaving.correctCount(state, block, w[p + 3]);
          int slot = w[p + 2];
          TranslationBlock next =
              slot < 0 ? context.findBlock(target, block.mode()) : context.follow(block, slot);
          if (next == null) {
            return context.lookup(target, slot < 0 ? null : block, slot);
          }
          base = target;
          block = next;
          code = (InterpCode) block.code();
          w = code.words();
          r = context.frame(code.frame());
          p = 0;
        }
        case Opcode.JUMP -> {
          long target = r[w[p + 1]];
          Leaving.correctCount(state, block, w[p + 2]);
          int kind = w[p + 3];
          TranslationBlock next = context.findBlock(target, block.mode(), kind);
          if (next == null) {
            return context.jump(base, target, kind);
          }
          base = target;
          block = next;
          code = (InterpCode) block.code();
          w = code.words();
          r = context.frame(code.frame());
          p = 0;
        }
        case Opcode.EXIT -> {
          Leaving.correctCount(state, block, w[p + 3]);
          context.lookup(r[w[p + 1]], null, 0);
          return Leaving.exit(w[p + 2]);
        }
        case Opcode.RAISE -> {
          context.raise(w[p + 2], r[w[p + 1]]);
          return Leaving.fault(context, block, code.unit(), base, w[p + 3]);
        }
        default -> throw new AssertionError("opcode " + w[p] + " at " + p);
      }
    }
  }

  private static long argument(long[] frame, int slot) {
    return slot < 0 ? 0 : frame[slot];
  }

  private static long registers(int opcode, long y, long z) {
    return switch (opcode) {
      case Opcode.X_ADD -> y + z;
      case Opcode.X_SUB -> y - z;
      case Opcode.X_AND -> y & z;
      case Opcode.X_OR -> y | z;
      case Opcode.X_XOR -> y ^ z;
      case Opcode.X_ADD_32 -> (int) (y + z);
      default -> (int) (y - z);
    };
  }

  private static long immediate(int opcode, long y, int i) {
    return switch (opcode) {
      case Opcode.X_ADD_I -> y + i;
      case Opcode.X_AND_I -> y & i;
      case Opcode.X_OR_I -> y | i;
      case Opcode.X_XOR_I -> y ^ i;
      case Opcode.X_SHL_I -> y << i;
      case Opcode.X_SHR_I -> y >>> i;
      case Opcode.X_SAR_I -> y >> i;
      case Opcode.X_ADD_32_I -> (int) (y + i);
      default -> (int) (y << (i & 31));
    };
  }

  private static boolean branches(int form, long y, long z) {
    return switch (form) {
      case 0 -> y == z;
      case 1 -> y != z;
      case 2 -> y < z;
      case 3 -> y >= z;
      case 4 -> Long.compareUnsigned(y, z) < 0;
      default -> Long.compareUnsigned(y, z) >= 0;
    };
  }

  @Override
  public void close() {}
}
