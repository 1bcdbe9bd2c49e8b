import org.jspecify.annotations.NullMarked;

/** Generates option and state codecs and the device registry at compile time. */
@NullMarked
module dev.kasuari.processor {
  requires static transitive org.jspecify;
  requires transitive java.compiler;

  exports dev.kasuari.processor;

  provides javax.annotation.processing.Processor with
      dev.kasuari.processor.KasuariProcessor;
}
