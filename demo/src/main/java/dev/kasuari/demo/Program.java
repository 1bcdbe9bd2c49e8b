package dev.kasuari.demo;

import dev.kasuari.target.riscv.asm.Assembler;
import dev.kasuari.target.riscv.asm.Label;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * The kernel while it is put together: text, then read-only data, then variables that start as
 * zero, each from a page of its own, so that each can have its own access rights. Everything is
 * addressed relative to the program counter; the image runs wherever it is loaded.
 *
 * <p>Symbols are names. One that starts with a dot belongs to the function in which it stands.
 */
final class Program {
  static final int PAGE = 4096;

  private record Block(String name, int alignment, Runnable content) {}

  private record Variable(String name, int alignment, int size) {}

  private final Assembler assembler = new Assembler();
  private final Map<String, Label> symbols = new LinkedHashMap<>();
  private final Map<String, Label> locals = new LinkedHashMap<>();
  private final Map<String, Label> texts = new LinkedHashMap<>();
  private final List<String> functions = new ArrayList<>();
  private final List<Block> readOnly = new ArrayList<>();
  private final List<Variable> variables = new ArrayList<>();
  private Frame frame = Frame.NONE;
  private int codeEnd;

  Assembler assembler() {
    return assembler;
  }

  /** The stack frame of the function that is being written. */
  Frame frame() {
    return frame;
  }

  /** Starts a function: its local symbols and its frame. */
  void function(String name, Frame newFrame) {
    locals.clear();
    functions.add(name);
    frame = newFrame;
    bind(name);
  }

  /** The label of a symbol, bound or not yet. */
  Label symbol(String name) {
    return (name.startsWith(".") ? locals : symbols).computeIfAbsent(name, this::newLabel);
  }

  private Label newLabel(String name) {
    return assembler.label(name.startsWith(".") ? functions.getLast() + name : name);
  }

  void bind(String name) {
    assembler.bind(symbol(name));
  }

  /** An instruction, in its compressed form if there is one. */
  void emit(int instruction) {
    int compressed = Compression.compress(instruction);
    if (compressed != 0) {
      assembler.c(compressed);
    } else {
      assembler.i(instruction);
    }
  }

  /** A zero-terminated text among the read-only data; equal texts are kept once. */
  Label text(String text) {
    return texts.computeIfAbsent(text, t -> assembler.label('"' + t + '"'));
  }

  void readOnly(String name, int alignment, Runnable content) {
    readOnly.add(new Block(name, alignment, content));
  }

  void variable(String name, int alignment, int size) {
    variables.add(new Variable(name, alignment, size));
  }

  /**
   * The finished image: text and read-only data. What follows them in memory is zeroed at start.
   */
  byte[] link() {
    codeEnd = assembler.size();
    section("text_end");
    readOnly.forEach(this::place);
    symbolTable();
    texts.forEach(this::place);
    section("bss_start");
    int fileSize = assembler.size();
    variables.forEach(this::place);
    section("image_end");
    return Arrays.copyOf(assembler.assemble(), fileSize);
  }

  /** Bytes of the linked image up to the end of the last instruction. */
  int codeEnd() {
    return codeEnd;
  }

  private void section(String boundary) {
    assembler.align(PAGE);
    bind(boundary);
  }

  private void place(Block block) {
    assembler.align(block.alignment);
    bind(block.name);
    block.content.run();
  }

  private void place(Variable variable) {
    assembler.align(variable.alignment);
    bind(variable.name);
    assembler.space(variable.size);
  }

  private void place(String text, Label label) {
    assembler.bind(label);
    assembler.asciz(text);
  }

  /** Rows of function and name, in the order of addresses; what the trap report looks up. */
  private void symbolTable() {
    assembler.align(4);
    bind("symbol_table");
    for (String function : functions) {
      offset(symbol(function), 0);
      offset(text(function), 4);
    }
    bind("symbol_table_end");
  }

  /** A word that holds the distance to {@code to} from the start of the row in which it stands. */
  void offset(Label to, int positionInRow) {
    assembler.to(to, distance -> distance + positionInRow);
  }
}
