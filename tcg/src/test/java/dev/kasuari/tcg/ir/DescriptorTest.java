package dev.kasuari.tcg.ir;

import static org.assertj.core.api.Assertions.assertThat;

import dev.kasuari.machine.cpu.StateField;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** What is packed into an immediate comes out as it went in, and changes nothing beside it. */
@Tag("fast")
class DescriptorTest {
  @Test
  void memoryDescriptorsHoldEveryCombination() {
    for (int size : new int[] {1, 2, 4, 8}) {
      for (int index = 0; index < 16; index++) {
        for (int bits = 0; bits < 32; bits++) {
          for (MemDesc.Alignment alignment : MemDesc.Alignment.values()) {
            for (MemDesc.Atomicity atomicity : MemDesc.Atomicity.values()) {
              var desc = MemDesc.of(size).mmuIndex(15).mmuIndex(index);
              desc = desc.alignment(MemDesc.Alignment.ACCESS_FAULT).alignment(alignment);
              desc = desc.atomicity(MemDesc.Atomicity.WITHIN_16).atomicity(atomicity);
              desc = (bits & 1) != 0 ? desc.signed() : desc;
              desc = (bits & 2) != 0 ? desc.bigEndian() : desc;
              desc = (bits & 4) != 0 ? desc.acquire() : desc;
              desc = (bits & 8) != 0 ? desc.release() : desc;
              desc = (bits & 16) != 0 ? desc.write() : desc;
              long packed = desc.bits();
              assertThat(MemDesc.size(packed)).isEqualTo(size).isEqualTo(desc.size());
              assertThat(1 << MemDesc.sizeLog2(packed)).isEqualTo(size);
              assertThat(MemDesc.mmuIndex(packed)).isEqualTo(index);
              assertThat(MemDesc.alignment(packed)).isEqualTo(alignment);
              assertThat(MemDesc.atomicity(packed)).isEqualTo(atomicity);
              assertThat(MemDesc.isSigned(packed)).isEqualTo((bits & 1) != 0);
              assertThat(MemDesc.isBigEndian(packed)).isEqualTo((bits & 2) != 0);
              assertThat(MemDesc.isAcquire(packed)).isEqualTo((bits & 4) != 0);
              assertThat(MemDesc.isRelease(packed)).isEqualTo((bits & 8) != 0);
              assertThat(MemDesc.isWrite(packed)).isEqualTo((bits & 16) != 0);
              assertThat(packed)
                  .as("fits an int, as back ends keep it")
                  .isBetween(0L, (long) Integer.MAX_VALUE);
            }
          }
        }
      }
    }
  }

  @Test
  void memoryDescriptorsSayWhatTheyAre() {
    assertThat(MemDesc.of(8)).hasToString("u8le mmu0");
    assertThat(
            MemDesc.of(4)
                .signed()
                .bigEndian()
                .acquire()
                .release()
                .mmuIndex(3)
                .alignment(MemDesc.Alignment.FAULT))
        .hasToString("s4be align acq rel mmu3");
    assertThat(MemDesc.of(1).write()).hasToString("u1le write mmu0");
  }

  @Test
  void floatDescriptorsHoldEveryCombination() {
    for (FpDesc.Format to : FpDesc.Format.values()) {
      for (FpDesc.Format from : FpDesc.Format.values()) {
        for (int rounding = 0; rounding < 8; rounding++) {
          for (FpDesc.Relation relation : FpDesc.Relation.values()) {
            for (FpDesc.MinMax variant : FpDesc.MinMax.values()) {
              for (int bits = 0; bits < 64; bits++) {
                var desc = FpDesc.convert(from, to).rounding(rounding);
                desc = desc.relation(relation).minMax(variant);
                desc = (bits & 1) != 0 ? desc.negateProduct() : desc;
                desc = (bits & 2) != 0 ? desc.negateAddend() : desc;
                desc = (bits & 4) != 0 ? desc.signaling() : desc;
                desc = (bits & 8) != 0 ? desc.raiseInexact() : desc;
                desc = desc.integer((bits & 16) != 0 ? 64 : 32, (bits & 32) != 0);
                check(desc.bits(), to, from, rounding, relation, variant, bits);
              }
            }
          }
        }
      }
    }
  }

  private static void check(
      long packed,
      FpDesc.Format to,
      FpDesc.Format from,
      int rounding,
      FpDesc.Relation relation,
      FpDesc.MinMax variant,
      int bits) {
    boolean right =
        FpDesc.format(packed) == to
            && FpDesc.from(packed) == from
            && FpDesc.rounding(packed) == rounding
            && FpDesc.relation(packed) == relation
            && FpDesc.minMax(packed) == variant
            && FpDesc.negatesProduct(packed) == ((bits & 1) != 0)
            && FpDesc.negatesAddend(packed) == ((bits & 2) != 0)
            && FpDesc.isSignaling(packed) == ((bits & 4) != 0)
            && FpDesc.raisesInexact(packed) == ((bits & 8) != 0)
            && FpDesc.integerWidth(packed) == ((bits & 16) != 0 ? 64 : 32)
            && FpDesc.integerIsSigned(packed) == ((bits & 32) != 0);
    assertThat(right).as("%x from %s to %s, bits %d", packed, from, to, bits).isTrue();
  }

  @Test
  void floatDescriptorsSayWhatTheyAre() {
    var one = FpDesc.of(FpDesc.Format.F64);
    assertThat(one).hasToString("f64 rm7");
    assertThat(FpDesc.rounding(one.bits())).isEqualTo(FpDesc.DYNAMIC);
    assertThat(FpDesc.convert(FpDesc.Format.F32, FpDesc.Format.F16).rounding(2))
        .hasToString("f32>f16 rm2");
    assertThat(one.defaultNans().flushInputs().flushOutputs()).hasToString("f64 rm7 dn fi fo");
  }

  @Test
  void floatDescriptorsHoldModesAndScales() {
    var one = FpDesc.of(FpDesc.Format.F32).minMax(FpDesc.MinMax.SECOND);
    for (int bits = 0; bits < 8; bits++) {
      for (int scale = 0; scale <= 64; scale++) {
        var desc = one.scale(scale);
        desc = (bits & 1) != 0 ? desc.defaultNans() : desc;
        desc = (bits & 2) != 0 ? desc.flushInputs() : desc;
        desc = (bits & 4) != 0 ? desc.flushOutputs() : desc;
        long packed = desc.bits();
        assertThat(FpDesc.defaultNans(packed)).isEqualTo((bits & 1) != 0);
        assertThat(FpDesc.flushesInputs(packed)).isEqualTo((bits & 2) != 0);
        assertThat(FpDesc.flushesOutputs(packed)).isEqualTo((bits & 4) != 0);
        assertThat(FpDesc.scale(packed)).isEqualTo(scale);
        assertThat(FpDesc.minMax(packed)).isEqualTo(FpDesc.MinMax.SECOND);
        assertThat(FpDesc.format(packed)).isEqualTo(FpDesc.Format.F32);
      }
    }
  }

  @Test
  void stateViewsHoldOffsetSizeAndSign() {
    for (int offset : new int[] {0, 1, 255, 256, 4095, 0x7fff_ffff}) {
      for (int size : new int[] {1, 2, 4, 8}) {
        long view = StateView.of(offset, size);
        assertThat(StateView.offset(view)).isEqualTo(offset);
        assertThat(StateView.size(view)).isEqualTo(size);
        assertThat(StateView.isSigned(view)).isFalse();
        long signed = StateView.signed(view);
        assertThat(StateView.offset(signed)).isEqualTo(offset);
        assertThat(StateView.size(signed)).isEqualTo(size);
        assertThat(StateView.isSigned(signed)).isTrue();
      }
    }
    assertThat(StateView.of(new StateField("pc", 0x140, 8, 1))).isEqualTo(StateView.of(0x140, 8));
    assertThat(StateView.describe(StateView.signed(StateView.of(0x140, 2)))).isEqualTo("0x140:s2");
  }

  @Test
  void viewsOverlapWhereTheyShareAByte() {
    for (int a = 0; a < 24; a++) {
      for (int b = 0; b < 24; b++) {
        for (int aSize : new int[] {1, 2, 4, 8}) {
          for (int bSize : new int[] {1, 2, 4, 8}) {
            boolean shared = false;
            for (int at = a; at < a + aSize; at++) {
              shared |= at >= b && at < b + bSize;
            }
            assertThat(StateView.overlap(StateView.of(a, aSize), StateView.of(b, bSize)))
                .isEqualTo(shared);
          }
        }
      }
    }
  }
}
