package dev.kasuari.img;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** What a run of a tool printed, and how it ended. */
record ToolRun(String out, String err, int code) {
  /** Ours, in this process; {@code DIR} in a word stands for the folder. */
  static ToolRun ours(Path folder, String words) {
    var out = new ByteArrayOutputStream();
    var err = new ByteArrayOutputStream();
    int code =
        ImageTool.run(
            words(folder, words),
            new PrintStream(out, true, StandardCharsets.UTF_8),
            new PrintStream(err, true, StandardCharsets.UTF_8));
    return of(folder, out.toByteArray(), err.toByteArray(), code);
  }

  /**
   * QEMU's. For LUKS it measures how fast it is by times that may be too short for the host to
   * tell, and is asked again then.
   */
  static ToolRun theirs(Path folder, String tool, String words) {
    ToolRun run = once(folder, tool, words);
    for (int i = 0; i < 20 && run.err().contains("accurate CPU usage"); i++) {
      run = once(folder, tool, words);
    }
    return run;
  }

  private static ToolRun once(Path folder, String tool, String words) {
    var command = new ArrayList<>(List.of("/usr/bin/" + tool));
    command.addAll(words(folder, words));
    try {
      Path err = folder.resolve("stderr");
      Process process = new ProcessBuilder(command).redirectError(err.toFile()).start();
      process.getOutputStream().close();
      byte[] out = process.getInputStream().readAllBytes();
      int code = process.waitFor();
      return of(folder, out, java.nio.file.Files.readAllBytes(err), code);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }

  private static List<String> words(Path folder, String words) {
    return List.of(words.replace("DIR", folder.toString()).split(" "));
  }

  private static ToolRun of(Path folder, byte[] out, byte[] err, int code) {
    return new ToolRun(text(folder, out), text(folder, err), code);
  }

  private static String text(Path folder, byte[] bytes) {
    return new String(bytes, StandardCharsets.UTF_8)
        .replace(folder.toString(), "DIR")
        .replace("kasuari-img", "qemu-img");
  }
}
