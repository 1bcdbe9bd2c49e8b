package dev.kasuari.hw.nvram;

/** What a {@link FlashChip} answers to the query command. Source: JESD68.01, section 2.2. */
final class FlashQuery {
  private static final int EXTENDED = 0x31;
  private static final int INDIVIDUAL_BLOCK_LOCKING = 0x20;

  private final byte[] table = new byte[EXTENDED + 0x10];

  private FlashQuery() {}

  /** The bytes by their address. */
  static byte[] of(CfiFlash.Props props, int chips) {
    var query = new FlashQuery();
    query.identify();
    query.timeouts();
    query.geometry(props, chips);
    query.extended();
    return query.table;
  }

  private void identify() {
    text(0x10, "QRY");
    word(0x13, 0x0001); // Intel's command set
    word(0x15, EXTENDED);
  }

  /** Powers of two; and what is never needed, zero. */
  private void timeouts() {
    put(0x1b, 0x27); // 2.7 V
    put(0x1c, 0x36); // to 3.6 V
    put(0x1f, 8); // a word: 256 us
    put(0x20, 8); // a buffer
    put(0x21, 10); // a block: 1024 ms
    put(0x23, 4); // at most 16 times as long, each
    put(0x24, 4);
    put(0x25, 4);
  }

  private void geometry(CfiFlash.Props props, int chips) {
    long size = props.sectorLength() * props.numBlocks() / chips;
    put(0x27, 64 - Long.numberOfLeadingZeros(size - 1));
    word(0x28, props.deviceWidth() == 4 ? 3 : props.deviceWidth() - 1); // x8, x16 or x32 only
    int buffer = FlashChip.BUFFER_WORDS * props.deviceWidth();
    word(0x2a, Integer.numberOfTrailingZeros(buffer));
    put(0x2c, 1); // all blocks are alike
    word(0x2d, props.numBlocks() - 1);
    word(0x2f, (int) (props.sectorLength() / chips / 256));
  }

  private void extended() {
    text(EXTENDED, "PRI10");
    put(EXTENDED + 5, INDIVIDUAL_BLOCK_LOCKING);
    word(EXTENDED + 0x0a, 1); // a block's status has the lock bit
    put(EXTENDED + 0x0c, 0x33); // works best at 3.3 V
  }

  private void text(int at, String text) {
    for (int i = 0; i < text.length(); i++) {
      put(at + i, text.charAt(i));
    }
  }

  private void word(int at, int value) {
    put(at, value);
    put(at + 1, value >> 8);
  }

  private void put(int at, int value) {
    table[at] = (byte) value;
  }
}
