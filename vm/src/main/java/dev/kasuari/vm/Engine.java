package dev.kasuari.vm;

import dev.kasuari.machine.Machine;
import dev.kasuari.qapi.OptionException;
import dev.kasuari.tcg.BackEnd;
import dev.kasuari.tcg.CodeArchive;
import dev.kasuari.tcg.InstructionSet;
import dev.kasuari.tcg.TranslationObserver;
import dev.kasuari.tcg.listing.CodeLog;
import dev.kasuari.tcg.listing.PerfMap;
import dev.kasuari.tcg.listing.UnitDump;
import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** What {@code -accel} asks for, made for one machine, which closes it. */
final class Engine implements BackEnd.Maker {
  private final AccelOptions options;
  private final Machine machine;

  Engine(AccelOptions options, Machine machine) {
    this.options = options;
    this.machine = machine;
  }

  @Override
  public BackEnd make(InstructionSet instructions) {
    return options.open(instructions, machine.log()::always);
  }

  @Override
  public List<TranslationObserver> observers() {
    List<TranslationObserver> observers = new ArrayList<>();
    observers.add(machine.own(new CodeLog(machine.log(), machine.name())));
    String dump = options.dump();
    if (dump != null) {
      observers.add(machine.own(dump(Path.of(dump))));
    }
    if (options.perfMap()) {
      observers.add(machine.own(perfMap(PerfMap.fileOfThisProcess())));
    }
    return observers;
  }

  @Override
  public @Nullable CodeArchive archive(String key) {
    return options.archive(key, machine.log()::always);
  }

  private UnitDump dump(Path file) {
    try {
      return new UnitDump(file, machine.log()::always);
    } catch (IOException e) {
      throw new OptionException("-accel tcg,dump=" + file + ": " + reason(file, e), e);
    }
  }

  private PerfMap perfMap(Path file) {
    try {
      return new PerfMap(file, machine.log()::always);
    } catch (IOException e) {
      throw new OptionException("-accel tcg,perf-map=on: " + file + ": " + reason(file, e), e);
    }
  }

  private static String reason(Path file, IOException e) {
    String why =
        switch (e) {
          case NoSuchFileException none -> "there is no such folder";
          case AccessDeniedException denied -> "permission denied";
          case FileSystemException folder when Files.isDirectory(file) -> "it is a folder";
          case FileSystemException other when other.getReason() != null -> other.getReason();
          default -> e.toString();
        };
    return "cannot be written: " + why;
  }
}
