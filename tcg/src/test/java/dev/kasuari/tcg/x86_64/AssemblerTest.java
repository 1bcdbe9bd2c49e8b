package dev.kasuari.tcg.x86_64;

import static dev.kasuari.tcg.x86_64.Disassembly.REGISTERS;
import static dev.kasuari.tcg.x86_64.Disassembly.bytes;
import static dev.kasuari.tcg.x86_64.Disassembly.hex;
import static dev.kasuari.tcg.x86_64.Disassembly.memories;
import static dev.kasuari.tcg.x86_64.Disassembly.name;
import static dev.kasuari.tcg.x86_64.Disassembly.someMemories;
import static dev.kasuari.tcg.x86_64.Disassembly.text;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.kasuari.tcg.ir.Cond;
import java.nio.file.Path;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Every encoding of an instruction on general registers, read back by binutils. */
@Tag("fast")
class AssemblerTest {
  private static final int[] SIZES = {1, 2, 4, 8};
  private static final int[] VALUES = {0, 1, -1, 0x12, 127, -128};

  @TempDir Path folder;
  private final Disassembly d = new Disassembly();

  @Test
  void registerToRegister() throws Exception {
    for (Gpr x : Gpr.values()) {
      for (Gpr y : Gpr.values()) {
        for (Width w : Width.values()) {
          String both = name(w, x) + "," + name(w, y);
          d.check("mov " + both, a -> a.mov(w, x, y));
          d.check("test " + both, a -> a.test(w, x, y));
          for (int size : new int[] {1, 2}) {
            d.check("movsx " + name(w, x) + "," + name(size, y), a -> a.signExtend(size, w, x, y));
          }
        }
        for (int size : new int[] {1, 2}) {
          d.check("movzx " + name(4, x) + "," + name(size, y), a -> a.zeroExtend(size, x, y));
        }
        d.check("mov " + name(4, x) + "," + name(4, y), a -> a.zeroExtend(4, x, y));
        d.check(
            "movsxd " + name(8, x) + "," + name(4, y), a -> a.signExtend(4, Width.BITS_64, x, y));
      }
    }
    d.verify(folder);
  }

  @Test
  void aluOnRegisters() throws Exception {
    for (Gpr x : Gpr.values()) {
      for (Gpr y : Gpr.values()) {
        for (Alu op : Alu.values()) {
          for (Width w : Width.values()) {
            d.check(name(op) + " " + name(w, x) + "," + name(w, y), a -> a.alu(op, w, x, y));
          }
          for (int size : SIZES) {
            d.check(
                name(op) + " " + name(size, x) + "," + name(size, y), a -> a.alu(op, size, x, y));
          }
        }
      }
      d.check("xor " + name(4, x) + "," + name(4, x), a -> a.zero(x));
    }
    d.verify(folder);
  }

  @Test
  void aluWithConstants() throws Exception {
    for (Gpr r : Gpr.values()) {
      for (Alu op : Alu.values()) {
        for (int value : new int[] {0, 1, -1, 127, -128, 128, -129, 0x12345678}) {
          for (Width w : Width.values()) {
            d.check(
                name(op) + " " + name(w, r) + "," + hex(bytes(w), value),
                a -> a.alu(op, w, r, value));
          }
          for (int size : SIZES) {
            if (size > 2 || value == (size == 1 ? (byte) value : (short) value)) {
              d.check(
                  name(op) + " " + name(size, r) + "," + hex(size, value),
                  a -> a.alu(op, size, r, value));
            }
          }
        }
      }
    }
    d.verify(folder);
  }

  @Test
  void aluOnMemory() throws Exception {
    for (Mem m : memories()) {
      for (Gpr r : REGISTERS) {
        Alu op = Alu.values()[r.ordinal() & 7];
        for (Width w : Width.values()) {
          String at = text(bytes(w), m);
          d.check(name(op) + " " + name(w, r) + "," + at, a -> a.alu(op, w, r, m));
          d.check(name(op) + " " + at + "," + name(w, r), a -> a.alu(op, w, m, r));
        }
      }
    }
    for (Mem m : someMemories()) {
      for (int size : SIZES) {
        String at = text(size, m);
        for (Alu op : Alu.values()) {
          for (Gpr r : REGISTERS) {
            d.check(name(op) + " " + name(size, r) + "," + at, a -> a.alu(op, size, r, m));
            d.check(name(op) + " " + at + "," + name(size, r), a -> a.alu(op, size, m, r));
          }
          for (int value : VALUES) {
            d.check(name(op) + " " + at + "," + hex(size, value), a -> a.alu(op, size, m, value));
          }
          if (size > 1) {
            d.check(name(op) + " " + at + ",0x1234", a -> a.alu(op, size, m, 0x1234));
          }
          if (size > 2) {
            Width w = size == 8 ? Width.BITS_64 : Width.BITS_32;
            d.check(name(op) + " " + at + ",0x12345", a -> a.alu(op, w, m, 0x12345));
          }
        }
      }
    }
    d.verify(folder);
  }

  @Test
  void tests() throws Exception {
    for (Gpr r : Gpr.values()) {
      for (Width w : Width.values()) {
        d.check("test " + name(1, r) + ",0x7f", a -> a.test(w, r, 127));
        d.check("test " + name(w, r) + ",0x80", a -> a.test(w, r, 128));
        d.check("test " + name(w, r) + "," + hex(bytes(w), -2), a -> a.test(w, r, -2));
      }
    }
    for (Mem m : someMemories()) {
      for (int size : SIZES) {
        for (Gpr r : REGISTERS) {
          d.check("test " + text(size, m) + "," + name(size, r), a -> a.test(size, m, r));
        }
        d.check("test " + text(size, m) + ",0x1", a -> a.test(size, m, 1));
        d.check("test " + text(size, m) + "," + hex(size, -2), a -> a.test(size, m, -2));
      }
    }
    d.verify(folder);
  }

  @Test
  void constants() throws Exception {
    for (Gpr r : Gpr.values()) {
      d.check("mov " + name(4, r) + ",0x0", a -> a.mov(r, 0));
      d.check("mov " + name(4, r) + ",0xffffffff", a -> a.mov(r, 0xffffffffL));
      d.check("mov " + name(8, r) + ",0xffffffffffffffff", a -> a.mov(r, -1));
      d.check("mov " + name(8, r) + ",0xffffffff80000000", a -> a.mov(r, Integer.MIN_VALUE));
      d.check("movabs " + name(8, r) + ",0x100000000", a -> a.mov(r, 0x1_0000_0000L));
      d.check(
          "movabs " + name(8, r) + ",0x8123456789abcdef", a -> a.mov(r, 0x8123_4567_89ab_cdefL));
    }
    d.verify(folder);
  }

  @Test
  void loadsAndStores() throws Exception {
    for (Mem m : memories()) {
      for (Gpr r : REGISTERS) {
        d.check("movzx " + name(4, r) + "," + text(1, m), a -> a.load(1, r, m));
        d.check("movzx " + name(4, r) + "," + text(2, m), a -> a.load(2, r, m));
        d.check("mov " + name(4, r) + "," + text(4, m), a -> a.load(4, r, m));
        d.check("mov " + name(8, r) + "," + text(8, m), a -> a.load(8, r, m));
        for (Width w : Width.values()) {
          d.check("movsx " + name(w, r) + "," + text(1, m), a -> a.loadSigned(1, w, r, m));
          d.check("movsx " + name(w, r) + "," + text(2, m), a -> a.loadSigned(2, w, r, m));
          String load = w == Width.BITS_64 ? "movsxd " : "mov ";
          d.check(load + name(w, r) + "," + text(4, m), a -> a.loadSigned(4, w, r, m));
          d.check("lea " + name(w, r) + "," + text(0, m), a -> a.lea(w, r, m));
        }
        d.check("lea " + name(8, r) + "," + text(0, m), a -> a.lea(r, m));
        for (int size : SIZES) {
          d.check("mov " + text(size, m) + "," + name(size, r), a -> a.store(size, m, r));
        }
      }
      for (int size : SIZES) {
        d.check("mov " + text(size, m) + ",0x77", a -> a.store(size, m, 0x77));
        d.check("mov " + text(size, m) + "," + hex(size, -2), a -> a.store(size, m, -2));
      }
    }
    d.verify(folder);
  }

  @Test
  void swappedLoadsAndStores() throws Exception {
    for (Mem m : someMemories()) {
      for (Gpr r : REGISTERS) {
        for (int size : new int[] {2, 4, 8}) {
          d.check("movbe " + name(size, r) + "," + text(size, m), a -> a.loadSwapped(size, r, m));
          d.check("movbe " + text(size, m) + "," + name(size, r), a -> a.storeSwapped(size, m, r));
        }
      }
    }
    d.verify(folder);
  }

  @Test
  void stack() throws Exception {
    for (Gpr r : Gpr.values()) {
      d.check("push " + name(8, r), a -> a.push(r));
      d.check("pop " + name(8, r), a -> a.pop(r));
    }
    for (Mem m : memories()) {
      d.check("push " + text(8, m), a -> a.push(m));
      d.check("pop " + text(8, m), a -> a.pop(m));
    }
    for (int value : new int[] {0, 127, -128, 128, -129, 0x12345678}) {
      d.check("push " + hex(8, value), a -> a.push(value));
    }
    d.verify(folder);
  }

  @Test
  void oneRegister() throws Exception {
    for (Gpr r : Gpr.values()) {
      for (Width w : Width.values()) {
        d.check("not " + name(w, r), a -> a.not(w, r));
        d.check("neg " + name(w, r), a -> a.neg(w, r));
        d.check("mul " + name(w, r), a -> a.mul(w, r));
        d.check("imul " + name(w, r), a -> a.imul(w, r));
        d.check("div " + name(w, r), a -> a.div(w, r));
        d.check("idiv " + name(w, r), a -> a.idiv(w, r));
        d.check("bswap " + name(w, r), a -> a.bswap(w, r));
        d.check("bt " + name(w, r) + ",0x1f", a -> a.bt(w, r, 31));
        for (Shift op : Shift.values()) {
          d.check(name(op) + " " + name(w, r) + ",1", a -> a.shift(op, w, r, 1));
          d.check(name(op) + " " + name(w, r) + ",0x1f", a -> a.shift(op, w, r, 31));
          d.check(name(op) + " " + name(w, r) + ",cl", a -> a.shiftByCl(op, w, r));
        }
      }
    }
    d.check("cdq", a -> a.cdq(Width.BITS_32));
    d.check("cqo", a -> a.cdq(Width.BITS_64));
    d.verify(folder);
  }

  @Test
  void twoRegisters() throws Exception {
    for (Gpr x : Gpr.values()) {
      for (Gpr y : REGISTERS) {
        for (Width w : Width.values()) {
          String both = name(w, x) + "," + name(w, y);
          d.check("imul " + both, a -> a.imul(w, x, y));
          d.check("imul " + both + ",0x12", a -> a.imul(w, x, y, 0x12));
          d.check("imul " + both + ",0x12345", a -> a.imul(w, x, y, 0x12345));
          d.check("bsf " + both, a -> a.bsf(w, x, y));
          d.check("bsr " + both, a -> a.bsr(w, x, y));
          d.check("tzcnt " + both, a -> a.tzcnt(w, x, y));
          d.check("lzcnt " + both, a -> a.lzcnt(w, x, y));
          d.check("popcnt " + both, a -> a.popcnt(w, x, y));
          d.check("bt " + both, a -> a.bt(w, x, y));
          d.check("shld " + both + ",0x7", a -> a.shld(w, x, y, 7));
          d.check("shrd " + both + ",0x7", a -> a.shrd(w, x, y, 7));
          d.check("shld " + both + ",cl", a -> a.shldByCl(w, x, y));
          d.check("shrd " + both + ",cl", a -> a.shrdByCl(w, x, y));
          d.check("blsr " + both, a -> a.blsr(w, x, y));
          d.check("rorx " + both + ",0x1f", a -> a.rorx(w, x, y, 31));
        }
      }
    }
    for (Gpr x : REGISTERS) {
      for (Width w : Width.values()) {
        d.check("xchg " + name(w, Gpr.R10) + "," + name(w, x), a -> a.xchg(w, x, Gpr.R10));
        for (Mem m : someMemories()) {
          d.check("imul " + name(w, x) + "," + text(bytes(w), m), a -> a.imul(w, x, m));
        }
      }
    }
    d.verify(folder);
  }

  @Test
  void threeRegisters() throws Exception {
    for (Gpr x : REGISTERS) {
      for (Gpr y : REGISTERS) {
        for (Gpr z : REGISTERS) {
          for (Width w : Width.values()) {
            String all = name(w, x) + "," + name(w, y) + "," + name(w, z);
            d.check("andn " + all, a -> a.andn(w, x, y, z));
            d.check("bextr " + all, a -> a.bextr(w, x, y, z));
            d.check("bzhi " + all, a -> a.bzhi(w, x, y, z));
            d.check("shlx " + all, a -> a.shiftBy(Shift.SHL, w, x, y, z));
            d.check("shrx " + all, a -> a.shiftBy(Shift.SHR, w, x, y, z));
            d.check("sarx " + all, a -> a.shiftBy(Shift.SAR, w, x, y, z));
            d.check("mulx " + all, a -> a.mulx(w, x, y, z));
            d.check("pdep " + all, a -> a.pdep(w, x, y, z));
            d.check("pext " + all, a -> a.pext(w, x, y, z));
          }
        }
      }
    }
    d.verify(folder);
  }

  @Test
  void conditions() throws Exception {
    for (Cc cc : Cc.values()) {
      for (Gpr r : Gpr.values()) {
        d.check("set" + name(cc) + " " + name(1, r), a -> a.set(cc, r));
        for (Width w : Width.values()) {
          String cmov = "cmov" + name(cc) + " " + name(w, r) + ",";
          d.check(cmov + name(w, Gpr.R10), a -> a.cmov(cc, w, r, Gpr.R10));
          for (Mem m : someMemories()) {
            d.check(cmov + text(bytes(w), m), a -> a.cmov(cc, w, r, m));
          }
        }
      }
      for (Mem m : someMemories()) {
        d.check("set" + name(cc) + " " + text(1, m), a -> a.set(cc, m));
      }
    }
    d.verify(folder);
  }

  @Test
  void atomicMemory() throws Exception {
    for (Mem m : someMemories()) {
      for (int size : SIZES) {
        String at = text(size, m);
        for (Gpr r : Gpr.values()) {
          d.check("xchg " + at + "," + name(size, r), a -> a.xchg(size, m, r));
          d.check("lock xadd " + at + "," + name(size, r), a -> a.lockXadd(size, m, r));
          d.check("lock cmpxchg " + at + "," + name(size, r), a -> a.lockCmpxchg(size, m, r));
          for (Alu op : new Alu[] {Alu.ADD, Alu.OR, Alu.AND, Alu.SUB, Alu.XOR}) {
            d.check(
                "lock " + name(op) + " " + at + "," + name(size, r),
                a -> a.lockAlu(op, size, m, r));
          }
        }
        d.check("lock or " + at + ",0x2", a -> a.lockAlu(Alu.OR, size, m, 2));
      }
      d.check("lock cmpxchg16b oword ptr " + text(0, m), a -> a.lockCmpxchg16b(m));
    }
    d.check("mfence", Assembler::mfence);
    d.check("pause", Assembler::pause);
    d.verify(folder);
  }

  @Test
  void operandsInTheCodeAreRelativeToTheEndOfTheInstruction() throws Exception {
    var before = new Label();
    var after = new Label();
    d.assembler.bind(before);
    for (Label label : new Label[] {before, after}) {
      Mem m = Mem.at(label);
      d.assembler.load(8, Gpr.R9, m);
      d.assembler.store(1, m, 0x77);
      d.assembler.store(2, m, 0x77);
      d.assembler.store(8, m, 0x77);
      d.assembler.alu(Alu.CMP, 4, m, 5);
      d.assembler.test(4, m, 5);
      d.assembler.lea(Gpr.RAX, m);
    }
    d.assembler.bind(after);
    d.expect(
        "mov r9,qword ptr [rip+0xfffffffffffffff9]",
        "mov byte ptr [rip+0xfffffffffffffff2],0x77",
        "mov word ptr [rip+0xffffffffffffffe9],0x77",
        "mov qword ptr [rip+0xffffffffffffffde],0x77",
        "cmp dword ptr [rip+0xffffffffffffffd7],0x5",
        "test dword ptr [rip+0xffffffffffffffcd],0x5",
        "lea rax,[rip+0xffffffffffffffc6]",
        "mov r9,qword ptr [rip+0x33]",
        "mov byte ptr [rip+0x2c],0x77",
        "mov word ptr [rip+0x23],0x77",
        "mov qword ptr [rip+0x18],0x77",
        "cmp dword ptr [rip+0x11],0x5",
        "test dword ptr [rip+0x7],0x5",
        "lea rax,[rip+0x0]");
    d.verify(folder);
  }

  @Test
  void operandsThatDoNotExistAreRefused() {
    assertThatThrownBy(() -> new Mem(Gpr.RAX, Gpr.RSP, 0)).hasMessageContaining("RSP");
    assertThatThrownBy(() -> new Mem(Gpr.RAX, Gpr.RBX, 3, 0)).hasMessageContaining("times 3");
    assertThatThrownBy(() -> new Mem(Gpr.RAX, Gpr.RBX, 16, 0)).hasMessageContaining("times 16");
    var a = new Assembler();
    assertThatThrownBy(() -> a.shiftBy(Shift.ROL, Width.BITS_64, Gpr.RAX, Gpr.RAX, Gpr.RAX))
        .hasMessageContaining("ROL");
  }

  @Test
  void inverseConditionsAreInverseOnTheHost() {
    for (Cond cond : Cond.values()) {
      assertThat(Cc.of(cond).inverse()).isEqualTo(Cc.of(cond.inverse()));
    }
  }
}
