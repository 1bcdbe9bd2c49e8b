package dev.kasuari.tcg.x86_64;

import dev.kasuari.host.ExecutableMemory;
import dev.kasuari.host.NativeFunction;
import dev.kasuari.host.RawMemory;
import java.lang.foreign.Arena;
import java.util.Collections;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;

/** The features of a processor that emitted code may use. Immutable. */
public final class CpuFeatures {
  private static final int HIGHEST = 0;
  private static final int HIGHEST_EXTENDED = 0x8000_0000;

  /** Leaf 1, ECX: XGETBV may be used. */
  private static final int OSXSAVE = 1 << 27;

  /** XCR0: the operating system keeps XMM and the upper halves of YMM registers. */
  private static final int AVX_STATE = 6;

  private final Set<CpuFeature> features;

  private CpuFeatures(Set<CpuFeature> features) {
    this.features = features;
  }

  /** Exactly these. */
  public static CpuFeatures of(CpuFeature... features) {
    var set = EnumSet.noneOf(CpuFeature.class);
    Collections.addAll(set, features);
    return new CpuFeatures(set);
  }

  /** Those of this host, of which its operating system lets programs make use. */
  static CpuFeatures probe() {
    try (var memory = ExecutableMemory.allocate(4096)) {
      return probe(memory);
    }
  }

  /**
   * The same.
   *
   * @param memory its first bytes are overwritten, and free again
   */
  static CpuFeatures probe(ExecutableMemory memory) {
    var a = new Assembler();
    cpuid(a);
    a.align(16);
    int extended = a.length();
    xgetbv(a);
    long address = memory.publish(0, a.code(), a.length());
    try (var arena = Arena.ofConfined()) {
      long registers = arena.allocate(16, 16).address();
      var probe = new Probe(NativeFunction.at(address), NativeFunction.at(address + extended));
      return probe.features(registers);
    }
  }

  /** A function of where to store four registers and a leaf. */
  private static void cpuid(Assembler a) {
    a.push(Gpr.RBX);
    a.mov(Width.BITS_32, Gpr.RAX, Gpr.RSI);
    a.zero(Gpr.RCX);
    a.cpuid();
    a.store(4, Mem.at(Gpr.RDI, 0), Gpr.RAX);
    a.store(4, Mem.at(Gpr.RDI, 4), Gpr.RBX);
    a.store(4, Mem.at(Gpr.RDI, 8), Gpr.RCX);
    a.store(4, Mem.at(Gpr.RDI, 12), Gpr.RDX);
    a.pop(Gpr.RBX);
    a.ret();
  }

  /** The low half of XCR0. */
  private static void xgetbv(Assembler a) {
    a.zero(Gpr.RCX);
    a.xgetbv();
    a.ret();
  }

  /** Asks for each leaf once: in a virtual machine each question goes to the host's hypervisor. */
  private static final class Probe {
    private static final int REGISTERS = CpuFeature.Register.values().length;

    private final NativeFunction cpuid;
    private final NativeFunction xgetbv;
    private final Map<Integer, int[]> leaves = new HashMap<>();

    Probe(NativeFunction cpuid, NativeFunction xgetbv) {
      this.cpuid = cpuid;
      this.xgetbv = xgetbv;
    }

    private int read(long registers, int leaf, CpuFeature.Register register) {
      return leaves.computeIfAbsent(leaf, l -> ask(registers, l))[register.ordinal()];
    }

    private int[] ask(long registers, int leaf) {
      cpuid.call(registers, leaf);
      var answer = new int[REGISTERS];
      for (int i = 0; i < REGISTERS; i++) {
        answer[i] = RawMemory.getInt(registers + 4L * i);
      }
      return answer;
    }

    private CpuFeatures features(long registers) {
      int highest = read(registers, HIGHEST, CpuFeature.Register.EAX);
      int highestExtended = read(registers, HIGHEST_EXTENDED, CpuFeature.Register.EAX);
      boolean osxsave = (read(registers, 1, CpuFeature.Register.ECX) & OSXSAVE) != 0;
      boolean avx = osxsave && (xgetbv.call(0, 0) & AVX_STATE) == AVX_STATE;
      var found = EnumSet.noneOf(CpuFeature.class);
      for (CpuFeature feature : CpuFeature.values()) {
        int last = feature.leaf < 0 ? highestExtended : highest;
        if (Integer.compareUnsigned(feature.leaf, last) <= 0
            && (avx || !feature.needsAvxState)
            && ((read(registers, feature.leaf, feature.register) >>> feature.bit) & 1) != 0) {
          found.add(feature);
        }
      }
      return new CpuFeatures(found);
    }
  }

  public boolean has(CpuFeature feature) {
    return features.contains(feature);
  }

  /** All but these, and but what needs them: without AVX, nothing that is encoded like it. */
  public CpuFeatures without(CpuFeature... gone) {
    var set = EnumSet.noneOf(CpuFeature.class);
    set.addAll(features);
    for (CpuFeature feature : gone) {
      set.remove(feature);
      if (feature == CpuFeature.AVX) {
        set.removeIf(other -> other.needsAvxState);
      }
    }
    return new CpuFeatures(set);
  }

  /** The features, in the order of {@link CpuFeature}. */
  public Set<CpuFeature> all() {
    return Collections.unmodifiableSet(features);
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof CpuFeatures that && features.equals(that.features);
  }

  @Override
  public int hashCode() {
    return features.hashCode();
  }

  @Override
  public String toString() {
    return features.toString();
  }
}
