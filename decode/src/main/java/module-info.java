import org.jspecify.annotations.NullMarked;

/**
 * Instruction patterns in; decoder, encoder, disassembler and random-instruction generator out. A
 * build-time tool: nothing of it is needed when an emulator runs.
 */
@NullMarked
module dev.kasuari.decode {
  requires java.compiler;
  requires static transitive org.jspecify;

  exports dev.kasuari.decode;
}
