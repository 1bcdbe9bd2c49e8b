package dev.kasuari.machine;

/**
 * Several lines into one: the output is high while any input is. For interrupts that share a wire.
 */
public final class OrGate {
  private final IrqLine[] inputs;
  private final IrqLine output;
  private int high;

  /** A gate with {@code inputs} low inputs. */
  public OrGate(String name, int inputs) {
    this.output = new IrqLine(name);
    this.inputs = new IrqLine[inputs];
    for (int i = 0; i < inputs; i++) {
      this.inputs[i] = new IrqLine(name + "[" + i + "]", this::changed);
    }
  }

  /** One input. */
  public IrqLine input(int index) {
    return inputs[index];
  }

  /** Connects the output; the inputs are described as {@code target} is. */
  public OrGate to(IrqLine target) {
    output.connect(target);
    for (IrqLine input : inputs) {
      input.describe(target.specifier());
    }
    return this;
  }

  /** The output. */
  public IrqLine output() {
    return output;
  }

  private void changed(boolean level) {
    high += level ? 1 : -1;
    output.set(high > 0);
  }
}
