package dev.kasuari.hw.nvram;

import java.util.Arrays;

/**
 * One chip of Intel's (later Numonyx') command set 0001. Addresses count its words. Operations end
 * at once. Source: Intel StrataFlash Memory (J3) data sheet, 290667, sections 4 "Bus operations" to
 * 13; JESD68.01 for the query.
 *
 * @param state what it is doing
 * @param array what it keeps
 */
record FlashChip(State state, Array array) {
  /** Words of the write buffer. */
  static final int BUFFER_WORDS = 256;

  /** What reads show. */
  enum Reading {
    ARRAY,
    STATUS,
    ID,
    QUERY
  }

  /** What the next write is. */
  enum Expecting {
    COMMAND,
    WORD,
    ERASE_CONFIRM,
    LOCK_COMMAND,
    PROTECTION_WORD,
    COUNT,
    BUFFER_WORD,
    BUFFER_CONFIRM
  }

  /** What changes, but for what the array keeps. */
  static final class State {
    Reading reading = Reading.ARRAY;
    Expecting expecting = Expecting.COMMAND;
    int status = READY;

    /** Words that the write buffer is still to get. */
    int remaining;

    /** A block command's address, later that of the write buffer's first word. */
    long at;

    boolean started;
    final int[] buffer = new int[BUFFER_WORDS];
  }

  /** The words of a chip, among those of others on the bus. */
  interface Array {
    /** The first word of the block that {@code word} is in. */
    long blockOf(long word);

    /** True if the block cannot be changed. */
    boolean locked(long word);

    /** Locks the block of a word or unlocks it. */
    void lock(long word, boolean on);

    /** Makes bits zero that are zero in {@code value}. */
    void program(long word, int value);

    /** Makes all bits of the block one. */
    void erase(long word);

    /** The word's bits. */
    int read(long word);

    /** A byte of the query's answer, or of the identification. */
    int query(int index);

    /** The manufacturer's code, and the device's. */
    int identity(int index);
  }

  // Status.
  static final int READY = 0x80;
  private static final int ERASE_ERROR = 0x20;
  private static final int PROGRAM_ERROR = 0x10;
  private static final int LOCKED = 0x02;
  private static final int SEQUENCE_ERROR = ERASE_ERROR | PROGRAM_ERROR;

  private static final int CONFIRM = 0xd0;

  int read(long word) {
    return switch (state.reading) {
      case ARRAY -> array.read(word);
      case STATUS -> state.status;
      case QUERY -> array.query((int) word & 0xff);
      case ID -> identify(word);
    };
  }

  private int identify(long word) {
    int index = (int) (word - array.blockOf(word));
    return switch (index) {
      case 0, 1 -> array.identity(index);
      case 2 -> array.locked(word) ? 1 : 0;
      default -> 0;
    };
  }

  /** Whether the next write is what the array is to keep, of which ones change nothing. */
  boolean expectsData() {
    return state.expecting == Expecting.WORD || state.expecting == Expecting.BUFFER_WORD;
  }

  void write(long word, int value) {
    Expecting expecting = state.expecting;
    state.expecting = Expecting.COMMAND;
    switch (expecting) {
      case COMMAND -> command(word, value & 0xff);
      case WORD -> program(word, value);
      case PROTECTION_WORD -> state.status |= PROGRAM_ERROR | LOCKED;
      case ERASE_CONFIRM -> erase(word, value & 0xff);
      case LOCK_COMMAND -> lock(word, value & 0xff);
      case COUNT -> count(value & 0xffff);
      case BUFFER_WORD -> buffer(word, value);
      case BUFFER_CONFIRM -> programBuffer(value & 0xff);
    }
  }

  private void command(long word, int command) {
    switch (command) {
      case 0x10, 0x40 -> expect(Expecting.WORD, Reading.STATUS);
      case 0x20 -> {
        state.at = word;
        expect(Expecting.ERASE_CONFIRM, Reading.STATUS);
      }
      case 0x50 -> state.status = READY;
      case 0x60 -> expect(Expecting.LOCK_COMMAND, Reading.STATUS);
      case 0x70, 0xb0, CONFIRM -> state.reading = Reading.STATUS; // nothing is ever suspended
      case 0x90 -> state.reading = Reading.ID;
      case 0x98 -> state.reading = Reading.QUERY;
      case 0xc0 -> expect(Expecting.PROTECTION_WORD, Reading.STATUS);
      case 0xe8 -> {
        state.at = word;
        expect(Expecting.COUNT, Reading.STATUS);
      }
      default -> state.reading = Reading.ARRAY; // 0xff; and commands of other sets, by which
        // software that does not know the chip tries to reset it
    }
  }

  private void expect(Expecting next, Reading reading) {
    state.expecting = next;
    state.reading = reading;
  }

  private void program(long word, int value) {
    if (array.locked(word)) {
      state.status |= PROGRAM_ERROR | LOCKED;
    } else {
      array.program(word, value);
    }
  }

  private void erase(long word, int command) {
    if (command != CONFIRM) {
      state.status |= SEQUENCE_ERROR;
    } else if (array.locked(word)) {
      state.status |= ERASE_ERROR | LOCKED;
    } else {
      array.erase(word);
    }
  }

  private void lock(long word, int command) {
    switch (command) {
      case 0x01, 0x2f -> array.lock(word, true);
      case CONFIRM -> array.lock(word, false);
      default -> state.status |= SEQUENCE_ERROR;
    }
  }

  /** One less than the words that follow. */
  private void count(int count) {
    if (count >= BUFFER_WORDS) {
      state.status |= SEQUENCE_ERROR;
      return;
    }
    state.remaining = count + 1;
    state.started = false;
    Arrays.fill(state.buffer, -1);
    state.expecting = Expecting.BUFFER_WORD;
  }

  private void buffer(long word, int value) {
    if (array.blockOf(word) != array.blockOf(state.at)) {
      state.status |= SEQUENCE_ERROR;
      return;
    }
    if (!state.started) {
      state.started = true;
      state.at = word;
    }
    long index = word - state.at;
    if (index < 0 || index >= BUFFER_WORDS) {
      state.status |= SEQUENCE_ERROR;
      return;
    }
    state.buffer[(int) index] &= value;
    state.remaining--;
    state.expecting = state.remaining > 0 ? Expecting.BUFFER_WORD : Expecting.BUFFER_CONFIRM;
  }

  private void programBuffer(int command) {
    if (command != CONFIRM) {
      state.status |= SEQUENCE_ERROR;
    } else if (array.locked(state.at)) {
      state.status |= PROGRAM_ERROR | LOCKED;
    } else {
      long block = array.blockOf(state.at);
      for (int i = 0; i < BUFFER_WORDS && array.blockOf(state.at + i) == block; i++) {
        if (state.buffer[i] != -1) {
          array.program(state.at + i, state.buffer[i]);
        }
      }
    }
  }
}
