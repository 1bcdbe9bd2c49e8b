package dev.kasuari.processor;

import javax.lang.model.element.Element;

/** A declaration that nothing can be generated from; becomes a compiler error at its element. */
final class Bad extends Exception {
  private static final long serialVersionUID = 1L;

  private final transient Element element;

  Bad(Element element, String message) {
    super(message, null, false, false);
    this.element = element;
  }

  Element element() {
    return element;
  }
}
