package dev.kasuari.target.arm.cpu;

import dev.kasuari.machine.cpu.GuestState;

/** In which security state a level is, and whether there is EL2 in it. Source: DDI 0487, D1.3. */
final class SecurityState {
  private static final long NS = 1;
  private static final long SIF = 1 << 9;
  private static final long EEL2 = 1 << 18;

  private final GuestState state;
  private final VmsaFeatures features;

  SecurityState(GuestState state, VmsaFeatures features) {
    this.state = state;
    this.features = features;
  }

  private boolean scr(long bit) {
    return (state.get(ArmState.SCR) & bit) != 0;
  }

  /** Whether a translation regime is secure; without EL3 none is. */
  boolean secure(Regime regime) {
    return features.el3() && (regime == Regime.E3 || !scr(NS));
  }

  /** The function EL2Enabled, for the levels below EL3. */
  boolean el2Enabled() {
    return features.el2() && (!features.el3() || scr(NS) || scr(EEL2));
  }

  /** Whether instructions of the secure state must not be in non-secure memory. */
  boolean fetchesSecureOnly() {
    return features.el3() && scr(SIF);
  }
}
