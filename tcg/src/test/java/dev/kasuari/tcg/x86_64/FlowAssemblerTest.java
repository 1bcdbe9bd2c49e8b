package dev.kasuari.tcg.x86_64;

import static dev.kasuari.tcg.x86_64.Disassembly.memories;
import static dev.kasuari.tcg.x86_64.Disassembly.name;
import static dev.kasuari.tcg.x86_64.Disassembly.text;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Path;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Jumps and calls, read back by binutils. */
@Tag("fast")
class FlowAssemblerTest {
  @TempDir Path folder;
  private final Disassembly d = new Disassembly();

  @Test
  void jumpsReachTheirLabelsForwardAndBack() throws Exception {
    var start = new Label();
    var end = new Label();
    d.assembler.bind(start);
    d.check("jmp 0x12", a -> a.jmp(end));
    d.check("je 0x12", a -> a.j(Cc.E, end));
    d.check("call 0x12", a -> a.call(end));
    d.check("je 0x0", a -> a.j(Cc.E, start));
    d.assembler.bind(end);
    d.check("jmp 0x0", a -> a.jmp(start));
    d.check("call 0x0", a -> a.call(start));
    d.check("ret", Assembler::ret);
    for (Cc cc : Cc.values()) {
      d.check("j" + name(cc) + " 0x0", a -> a.j(cc, start));
      d.check("j" + name(cc) + " 0x12", a -> a.jShort(cc, end));
    }
    d.verify(folder);
  }

  @Test
  void shortFormsAreTakenWhereTheyReach() {
    for (boolean conditional : new boolean[] {true, false}) {
      var a = new Assembler();
      var start = new Label();
      a.bind(start);
      a.nop(126);
      jump(a, conditional, start);
      assertThat(a.length()).isEqualTo(128);
      jump(a, conditional, start);
      assertThat(a.length()).isEqualTo(128 + (conditional ? 6 : 5));
      assertThat(a.code()[127]).isEqualTo((byte) -128);
    }
  }

  private static void jump(Assembler a, boolean conditional, Label to) {
    if (conditional) {
      a.j(Cc.NE, to);
    } else {
      a.jmp(to);
    }
  }

  @Test
  void shortJumpsReachForward() throws Exception {
    var end = new Label();
    d.check("jmp 0x81", a -> a.jmpShort(end));
    d.check("ja 0x81", a -> a.jShort(Cc.A, end));
    d.assembler.align(127);
    for (int i = 4; i < 127; i++) {
      d.expect("int3");
    }
    d.check("ret", Assembler::ret);
    d.check("leave", a -> a.data(0xc9));
    d.assembler.bind(end);
    d.check("ret", Assembler::ret);
    d.verify(folder);
  }

  @Test
  void shortJumpsThatDoNotReachAreRefused() {
    var a = new Assembler();
    var end = new Label();
    a.jmpShort(end);
    a.nop(127);
    a.bind(end);
    assertThat(a.code()[1]).isEqualTo((byte) 127);
    var far = new Label();
    a.jmpShort(far);
    a.nop(128);
    assertThatThrownBy(() -> a.bind(far)).hasMessageContaining("a short jump of 128");
    assertThatThrownBy(() -> a.jmpShort(end)).hasMessageContaining("a short jump of -132");
  }

  @Test
  void jumpsOutOfTheCodeAreRelativeToWhereItWillRun() throws Exception {
    long home = 0x7f00_0000_1000L;
    d.assembler.call(home + 0x100);
    d.assembler.jmp(home - 0x100);
    d.assembler.j(Cc.G, home + 0x200);
    d.assembler.relocate(home);
    d.expect("call 0x100", "jmp 0xffffffffffffff00", "jg 0x200");
    d.verify(folder);
    d.assembler.reset();
    d.assembler.call(home + (1L << 32));
    assertThatThrownBy(() -> d.assembler.relocate(home)).hasMessageContaining("a jump of");
  }

  @Test
  void indirect() throws Exception {
    for (Gpr r : Gpr.values()) {
      d.check("jmp " + name(8, r), a -> a.jmp(r));
      d.check("call " + name(8, r), a -> a.call(r));
    }
    for (Mem m : memories()) {
      d.check("jmp " + text(8, m), a -> a.jmp(m));
      d.check("call " + text(8, m), a -> a.call(m));
    }
    d.verify(folder);
  }

  @Test
  void patchableDistancesAreAligned() throws Exception {
    for (int before = 0; before < 8; before++) {
      var a = new Assembler();
      var start = new Label();
      a.bind(start);
      a.nop(before);
      int jmp = a.patchableJmp(start);
      assertThat(jmp % 4).isZero();
      assertThat(a.code()[jmp - 1]).isEqualTo((byte) 0xe9);
      assertThat(jmp + 4).isEqualTo(a.length());
      a.nop(before);
      int j = a.patchableJ(Cc.B, start);
      assertThat(j % 4).isZero();
      assertThat(a.code()[j - 1]).isEqualTo((byte) 0x82);
    }
    d.check("nop dword ptr [rax]", a -> a.nop(3));
    var start = new Label();
    d.assembler.bind(start);
    d.check("jmp 0x3", a -> a.patchableJmp(start));
    d.check("xchg ax,ax", a -> a.patchableJ(Cc.B, start));
    d.expect("jb 0x3");
    d.verify(folder);
  }

  @Test
  void doingNothing() throws Exception {
    d.check("nop", a -> a.nop(1));
    d.check("xchg ax,ax", a -> a.nop(2));
    d.check("nop dword ptr [rax]", a -> a.nop(3));
    d.check("nop dword ptr [rax+0x0]", a -> a.nop(4));
    d.check("nop dword ptr [rax+rax*1+0x0]", a -> a.nop(5));
    d.check("nop word ptr [rax+rax*1+0x0]", a -> a.nop(6));
    d.check("nop dword ptr [rax+0x0]", a -> a.nop(7));
    d.check("nop dword ptr [rax+rax*1+0x0]", a -> a.nop(8));
    d.check("nop word ptr [rax+rax*1+0x0]", a -> a.nop(9));
    d.check("nop word ptr [rax+rax*1+0x0]", a -> a.nop(11));
    d.expect("xchg ax,ax");
    d.verify(folder);
    for (int bytes = 0; bytes < 40; bytes++) {
      var a = new Assembler();
      a.nop(bytes);
      assertThat(a.length()).isEqualTo(bytes);
    }
  }

  @Test
  void others() throws Exception {
    d.check("ret", Assembler::ret);
    d.check("ud2", Assembler::ud2);
    d.check("cpuid", Assembler::cpuid);
    d.check("xgetbv", Assembler::xgetbv);
    d.check("int3", a -> a.data(0xcc));
    d.check(
        "push 0x12345678",
        a -> {
          a.data(0x68);
          a.data32(0x12345678);
        });
    d.check(
        "movabs rax,0x8123456789abcdef",
        a -> {
          a.data(0x48);
          a.data(0xb8);
          a.data64(0x8123_4567_89ab_cdefL);
        });
    d.verify(folder);
  }
}
