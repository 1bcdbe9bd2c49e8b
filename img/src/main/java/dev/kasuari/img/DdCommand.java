package dev.kasuari.img;

import dev.kasuari.block.Access;
import dev.kasuari.block.BlockNode;
import dev.kasuari.block.Buffers;
import dev.kasuari.block.Drivers;
import dev.kasuari.block.object.UserObjects;
import java.io.PrintStream;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** {@code dd}: copies a range into a new image. */
final class DdCommand implements Command {
  private static final int SECTOR = 512;
  private static final int BUFFER = 1 << 20;

  @Override
  public String name() {
    return "dd";
  }

  @Override
  public String syntax() {
    return "[--image-opts] [-U] [-f fmt] [-O output_fmt] [bs=block_size] [count=blocks]"
        + " [skip=blocks] if=input of=output";
  }

  @Override
  public int run(List<String> arguments, PrintStream out, PrintStream err) {
    var a =
        new Arguments(
            arguments,
            Set.of("U", "image-opts", "force-share"),
            Set.of("f", "O", "object"),
            Map.of("format", "f", "output-format", "O"));
    Map<String, String> operands = operands(a.words());
    long block = number(operands, "bs", 1, Integer.MAX_VALUE, SECTOR);
    long count = number(operands, "count", 0, Long.MAX_VALUE, Long.MAX_VALUE);
    long skipped = number(operands, "skip", 0, Long.MAX_VALUE, 0);
    @Nullable String input = operands.get("if");
    @Nullable String output = operands.get("of");
    if (input == null || output == null) {
      throw new ToolException("Must specify both input and output files");
    }
    String format = a.value("O", "raw");
    if (Drivers.find(format) == null) {
      throw new ToolException("Unknown file format");
    }
    try (Session session = new Session(a, err)) {
      BlockNode from =
          session.open(
              input, a.value("f"), a.has("image-opts"), Access.read().withForceShare(a.share()));
      // The input's blocks are counted from its beginning, as QEMU counts them.
      long size = product(count, block) < from.size() ? product(count, block) : from.size();
      boolean nothing = product(skipped, block) > size;
      long skip = nothing ? size : product(skipped, block);
      create(format, a.objects(), output, size - skip);
      BlockNode to = session.open(output, format, false, Access.write());
      if (nothing) {
        err.println("kasuari-img: " + input + ": cannot skip to specified offset");
      }
      copy(from, skip, to, size - skip);
      to.flush();
    }
    return 0;
  }

  private static long number(
      Map<String, String> operands, String key, long min, long max, long otherwise) {
    String text = operands.get(key);
    return text == null ? otherwise : Arguments.number(key, text, min, max);
  }

  private static long product(long blocks, long block) {
    return blocks > Long.MAX_VALUE / block ? Long.MAX_VALUE : blocks * block;
  }

  private static void create(String format, UserObjects objects, String output, long size) {
    var creation = new Creation(format, List.of(), objects);
    creation.refuseImpossible(output);
    try {
      creation.create(output, size, false, null);
    } catch (ToolException e) {
      throw e.as(output, "error while creating output image");
    }
  }

  private static Map<String, String> operands(List<String> words) {
    var out = new LinkedHashMap<String, String>();
    for (String word : words) {
      int equals = word.indexOf('=');
      String key = equals < 0 ? word : word.substring(0, equals);
      if (equals < 0 || !List.of("bs", "count", "if", "of", "skip").contains(key)) {
        throw new ToolException("unrecognized operand " + key);
      }
      out.put(key, word.substring(equals + 1));
    }
    return out;
  }

  private static void copy(BlockNode from, long skip, BlockNode to, long length) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment buffer = Buffers.allocate(arena, BUFFER);
      for (long done = 0; done < length; ) {
        MemorySegment part = buffer.asSlice(0, Math.min(BUFFER, length - done));
        from.read(skip + done, part);
        to.write(done, part);
        done += part.byteSize();
      }
    }
  }
}
