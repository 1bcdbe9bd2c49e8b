package dev.kasuari.img;

import dev.kasuari.block.Access;
import dev.kasuari.block.BlockNode;
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
            arguments, Set.of("U", "image-opts", "force-share"), Set.of("f", "O", "object"));
    Map<String, String> operands = operands(a.words());
    @Nullable String input = operands.get("if");
    @Nullable String output = operands.get("of");
    if (input == null || output == null) {
      throw new ToolException("Must specify both input and output file names");
    }
    long block = Arguments.size(operands.getOrDefault("bs", "512"));
    if (block <= 0 || block > Integer.MAX_VALUE) {
      throw new ToolException("Invalid number: '" + operands.get("bs") + "'");
    }
    boolean share = a.has("U") || a.has("force-share");
    try (Session session = new Session(a)) {
      BlockNode from =
          session.open(
              input, a.value("f"), a.has("image-opts"), Access.read().withForceShare(share));
      long size = from.size();
      String count = operands.get("count");
      if (count != null) { // of the input from its beginning, as QEMU counts
        size = Math.min(size, Math.multiplyExact(Arguments.size(count), block));
      }
      long skip = Math.min(size, Arguments.size(operands.getOrDefault("skip", "0")) * block);
      String format = a.value("O", "raw");
      new Creation(format, List.of(), a.secrets()).create(output, size - skip, false, null);
      BlockNode to = session.open(output, format, false, Access.write());
      copy(from, skip, to, size - skip);
      to.flush();
    }
    return 0;
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
      MemorySegment buffer = arena.allocate(BUFFER);
      for (long done = 0; done < length; ) {
        MemorySegment part = buffer.asSlice(0, Math.min(BUFFER, length - done));
        from.read(skip + done, part);
        to.write(done, part);
        done += part.byteSize();
      }
    }
  }
}
