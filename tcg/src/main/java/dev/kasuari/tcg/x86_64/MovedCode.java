package dev.kasuari.tcg.x86_64;

import dev.kasuari.tcg.CodeImage;
import dev.kasuari.tcg.ir.VectorDesc;
import dev.kasuari.tcg.ir.VectorOp;
import java.util.ArrayList;
import java.util.List;

/**
 * Code of another run, on its way to where it can run. Its image has, in this order: where it is
 * patched (the branch at the entry; distance and home of each chaining slot), where it leads
 * outside, recovery, sites, words, vectors.
 */
final class MovedCode implements Unplaced {
  private static final VectorOp[] OPS = VectorOp.values();
  private static final VectorDesc.Form[] FORMS = VectorDesc.Form.values();

  private final Stubs stubs;
  private final CodeOptions options;
  private final CodeImage image;
  private final int pageOffset;
  private final int[] places;
  private final int[] relocations;
  private final Sites sites;
  private final long[] words;
  private final List<VectorDesc> vectors;

  /** Takes an image apart. */
  MovedCode(Stubs stubs, CodeOptions options, CodeImage image, int pageOffset) {
    this.stubs = stubs;
    this.options = options;
    this.image = image;
    this.pageOffset = pageOffset;
    image.rewind();
    places = image.nextInts();
    relocations = image.nextInts();
    sites = Sites.of(image);
    words = image.nextLongs();
    vectors = vectors(image);
  }

  /**
   * Fills an image.
   *
   * @param places where the code is patched
   */
  static void save(
      CodeImage to,
      Stubs stubs,
      Assembler assembler,
      Sites sites,
      long[] words,
      List<VectorDesc> vectors,
      int[] places) {
    to.add(places, places.length);
    assembler.saveRelocations(to, stubs.base());
    sites.save(to);
    to.add(words, words.length);
    save(to, vectors);
    to.code(assembler.code(), assembler.length());
    sites.number(to.code(), 0);
    assembler.clearRelocations(to.code());
  }

  private static void save(CodeImage to, List<VectorDesc> vectors) {
    to.add(vectors.size());
    for (VectorDesc v : vectors) {
      to.add(v.op().ordinal());
      to.add((v.signed() ? 1 : 0) | (v.broadcast() ? 2 : 0));
      to.add(v.form().ordinal());
      to.add(v.size());
      to.add(v.d());
      to.add(v.a());
      to.add(v.b());
      to.add(v.c());
      to.add(v.bytes());
      to.add(v.max());
      to.add(v.immediate());
      to.add(v.saturation());
    }
  }

  private static List<VectorDesc> vectors(CodeImage from) {
    int count = from.nextInt();
    if (count == 0) {
      return List.of();
    }
    List<VectorDesc> vectors = new ArrayList<>(count);
    for (int i = 0; i < count; i++) {
      VectorOp op = OPS[from.nextInt()];
      int flags = from.nextInt();
      VectorDesc.Form form = FORMS[from.nextInt()];
      int size = from.nextInt();
      int d = from.nextInt();
      int a = from.nextInt();
      int b = from.nextInt();
      int c = from.nextInt();
      int bytes = from.nextInt();
      int max = from.nextInt();
      int immediate = from.nextInt();
      int saturation = from.nextInt();
      boolean signed = (flags & 1) != 0;
      boolean broadcast = (flags & 2) != 0;
      vectors.add(
          new VectorDesc(
              op, signed, form, size, d, a, b, c, broadcast, bytes, max, immediate, saturation));
    }
    return vectors;
  }

  @Override
  public int length() {
    return image.codeBytes();
  }

  @Override
  public byte[] place(long address, int number) {
    byte[] code = image.code();
    sites.number(code, number);
    for (int r = 0; r < relocations.length; r += 2) {
      int at = relocations[r];
      int distance = (int) (stubs.base() + relocations[r + 1] - (address + at + 4));
      for (int b = 0; b < 4; b++) {
        code[at + b] = (byte) (distance >> (8 * b));
      }
    }
    return code;
  }

  @Override
  public X86Code finish(CodeSpace space, int number, long entry) {
    return new X86Code(
        space,
        number,
        options,
        stubs,
        List.of(),
        vectors,
        words,
        pageOffset,
        entry,
        length(),
        sites,
        places[0],
        places[1],
        places[2],
        places[3],
        places[4]);
  }
}
