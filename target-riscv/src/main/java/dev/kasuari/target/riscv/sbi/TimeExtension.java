package dev.kasuari.target.riscv.sbi;

/** The supervisor's timer. Source: SBI, chapter 6. */
final class TimeExtension implements SbiExtension {
  private final SbiHarts harts;

  TimeExtension(SbiHarts harts) {
    this.harts = harts;
  }

  @Override
  public int id() {
    return 0x54494d45;
  }

  @Override
  public String name() {
    return "TIME";
  }

  @Override
  public SbiResult call(SbiCall call) {
    return call.function() == 0 ? setTimer(harts, call) : SbiResult.NOT_SUPPORTED;
  }

  /** The deadline has 64 bits: with XLEN 32 it takes two arguments. */
  static SbiResult setTimer(SbiHarts harts, SbiCall call) {
    harts.of(call.hart()).count(FirmwareEvent.SET_TIMER);
    boolean narrow = call.hart().model().xlen() == 32;
    long high = narrow ? call.argument(1) << 32 : 0;
    call.hart().setSupervisorTimer(high | call.argument(0));
    return SbiResult.SUCCESS;
  }
}
