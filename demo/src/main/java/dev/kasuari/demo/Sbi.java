package dev.kasuari.demo;

import static dev.kasuari.target.riscv.asm.Reg.*;

/**
 * What the firmware in M-mode does for the kernel. Source: RISC-V Supervisor Binary Interface
 * Specification, version 2.0.
 */
final class Sbi extends Part {
  static final int LEGACY_PUTCHAR = 1;
  static final int LEGACY_GETCHAR = 2;

  static final int BASE = 0x10;
  static final int BASE_SPEC_VERSION = 0;
  static final int BASE_IMPL_ID = 1;
  static final int BASE_IMPL_VERSION = 2;
  static final int BASE_PROBE = 3;

  /** "TIME" */
  static final int TIME = 0x5449_4d45;

  static final int TIME_SET_TIMER = 0;

  /** "sPI" */
  static final int IPI = 0x73_5049;

  static final int IPI_SEND = 0;

  /** "HSM" */
  static final int HSM = 0x48_534d;

  static final int HSM_START = 0;

  /** "RFNC" */
  static final int RFENCE = 0x5246_4e43;

  static final int RFENCE_SFENCE_VMA = 1;

  /** "SRST" */
  static final int SRST = 0x5352_5354;

  static final int SRST_RESET = 0;
  static final int SHUTDOWN = 0;
  static final int COLD_REBOOT = 1;
  static final int NO_REASON = 0;
  static final int SYSTEM_FAILURE = 1;

  /** "DBCN" */
  static final int DBCN = 0x4442_434e;

  static final int DBCN_WRITE = 0;
  static final int DBCN_READ = 1;
  static final int DBCN_WRITE_BYTE = 2;

  /** The identifier of Kasuari's built-in SBI: "ksu". */
  private static final int KASUARI = 0x6b_7375;

  /** What the test finisher takes for an order. */
  private static final int FINISHER_PASS = 0x5555;

  private static final int FINISHER_FAIL = 1 << 16 | 0x3333;
  private static final int FINISHER_RESET = 0x7777;

  Sbi(Program program) {
    super(program);
  }

  @Override
  void define() {
    init();
    finisher();
    putchar();
    getchar();
    reset();
    describe();
    implementations();
    variable("sbi_has_dbcn", 8);
    variable("sbi_byte", 8);
    variable("finisher", 8); // virtual address, 0 if there is none
  }

  /** sbi_init(): is there a debug console? Older firmware has the legacy one. */
  private void init() {
    leaf("sbi_init");
    li(A0, DBCN);
    sbi(BASE, BASE_PROBE);
    sd(A1, "sbi_has_dbcn", T0);
    ret();
  }

  /** power_init() */
  private void finisher() {
    function("power_init");
    ld(A0, "finisher_base");
    beqz(A0, ".none");
    li(A1, Program.PAGE);
    call("map_device");
    sd(A0, "finisher", T0);
    label(".none");
    ret();
  }

  /** sbi_putchar(a0: byte) */
  private void putchar() {
    leaf("sbi_putchar");
    ld(T0, "sbi_has_dbcn");
    beqz(T0, ".legacy");
    sbi(DBCN, DBCN_WRITE_BYTE);
    ret();
    label(".legacy");
    sbi(LEGACY_PUTCHAR, 0);
    ret();
  }

  /** sbi_getchar() -> a0: byte, or negative if there is none. */
  private void getchar() {
    function("sbi_getchar");
    ld(T0, "sbi_has_dbcn");
    beqz(T0, ".legacy");
    la(A1, "sbi_byte");
    ld(T0, "direct_map");
    sub(A1, A1, T0);
    li(A0, 1); // one byte to physical address a1; a2 is the upper half of the address
    li(A2, 0);
    sbi(DBCN, DBCN_READ);
    bnez(A0, ".none");
    beqz(A1, ".none");
    ld(A0, "sbi_byte");
    andi(A0, A0, 0xff);
    ret();
    label(".none");
    li(A0, -1);
    ret();
    label(".legacy");
    sbi(LEGACY_GETCHAR, 0);
    ret();
  }

  /**
   * sbi_reset(a0: type, a1: reason): ends or restarts the machine. A failure goes to the board's
   * finisher first, as not every firmware passes it on; all else goes to the firmware first.
   */
  private void reset() {
    function("sbi_reset", S0, S1);
    mv(S0, A0);
    mv(S1, A1);
    bnez(S1, ".finisher");
    label(".firmware");
    sbi(SRST, SRST_RESET);
    label(".finisher");
    ld(A1, "finisher");
    beqz(A1, ".stuck");
    li(A0, FINISHER_RESET);
    bnez(S0, ".finish");
    li(A0, FINISHER_FAIL);
    bnez(S1, ".finish");
    li(A0, FINISHER_PASS);
    label(".finish");
    fence(IORW, IORW);
    sw(A0, 0, A1);
    label(".stuck");
    mv(T0, S1);
    mv(A0, S0);
    mv(A1, S1);
    li(S1, 0);
    bnez(T0, ".firmware");
    printf("Nothing here can switch the machine off. It is safe to stop it now.\n");
    label(".forever");
    wfi();
    j(".forever");
  }

  /** sbi_describe(): the version of the interface, and who implements it. */
  private void describe() {
    function("sbi_describe", S0);
    sbi(BASE, BASE_SPEC_VERSION);
    srli(S0, A1, 24);
    li(T0, 0x7f);
    and(S0, S0, T0);
    slli(A2, A1, 40);
    srli(A2, A2, 40);
    printf("SBI %u.%u", S0, A2);
    sbi(BASE, BASE_IMPL_ID);
    la(T0, "sbi_implementations");
    label(".next");
    lw(T1, 0, T0);
    bltz(T1, ".unknown");
    beq(T1, A1, ".known");
    addi(T0, T0, 8);
    j(".next");
    label(".unknown");
    printf(" (implementation %u)", A1);
    ret();
    label(".known");
    loadOffset(A1, 4, T0);
    printf(" (%s)", A1);
    ret();
  }

  /** Source: SBI specification, "SBI Implementation IDs". */
  private void implementations() {
    String[] names = {"BBL", "OpenSBI", "Xvisor", "KVM", "RustSBI", "Diosix", "Coffer"};
    table(
        "sbi_implementations",
        () -> {
          for (int id = 0; id < names.length; id++) {
            word(id);
            offset(text(names[id]), 4);
          }
          word(KASUARI);
          offset(text("Kasuari"), 4);
          word(-1);
          word(0);
        });
  }
}
