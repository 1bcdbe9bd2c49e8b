package dev.kasuari.hw.serial;

/**
 * A FIFO of characters, each with the errors it came with.
 *
 * @param state what is in it
 * @param capacity how many characters have room, at most {@link #SIZE}
 */
record UartFifo(State state, int capacity) {
  /** The most characters. */
  static final int SIZE = 16;

  /** The characters from {@code head} on, around the end of the arrays. */
  static final class State {
    final byte[] characters = new byte[SIZE];
    final byte[] errors = new byte[SIZE];
    int head;
    int size;
  }

  int size() {
    return state.size;
  }

  int room() {
    return Math.max(0, capacity - state.size);
  }

  boolean full() {
    return room() == 0;
  }

  void clear() {
    state.size = 0;
  }

  void put(int character, int errors) {
    int tail = (state.head + state.size) % SIZE;
    state.characters[tail] = (byte) character;
    state.errors[tail] = (byte) errors;
    state.size++;
  }

  /** The next character; of an empty FIFO the one that was last, as a register keeps it. */
  int take() {
    if (state.size == 0) {
      return state.characters[(state.head + SIZE - 1) % SIZE] & 0xff;
    }
    int character = state.characters[state.head] & 0xff;
    state.head = (state.head + 1) % SIZE;
    state.size--;
    return character;
  }

  /** What {@link #take} would give. */
  int peek() {
    int at = state.size == 0 ? state.head + SIZE - 1 : state.head;
    return state.characters[at % SIZE] & 0xff;
  }

  /** The errors of the next character, which are forgotten here. */
  int takeErrors() {
    if (state.size == 0) {
      return 0;
    }
    int errors = state.errors[state.head];
    state.errors[state.head] = 0;
    return errors;
  }

  boolean hasErrors() {
    for (int i = 0; i < state.size; i++) {
      if (state.errors[(state.head + i) % SIZE] != 0) {
        return true;
      }
    }
    return false;
  }

  /** Makes what was restored fit, whoever wrote it. */
  void checked() {
    state.head = Math.floorMod(state.head, SIZE);
    state.size = Math.clamp(state.size, 0, capacity);
  }
}
