package dev.kasuari.block.luks;

import dev.kasuari.block.BlockException;
import dev.kasuari.block.ImageAmender;
import dev.kasuari.qapi.Options;
import org.jspecify.annotations.Nullable;

/**
 * How passwords of an image are changed.
 *
 * @param state Select new state of affected keyslots (active/inactive)
 * @param newSecret New secret to set in the matching keyslots. Empty string to erase
 * @param oldSecret Select all keyslots that match this password
 * @param keyslot Select a single keyslot to modify explicitly
 * @param iterTime Time to spend in PBKDF in milliseconds
 */
@Options
public record KeySlots(
    State state,
    @Nullable String newSecret,
    @Nullable String oldSecret,
    @Nullable Integer keyslot,
    @Nullable Long iterTime) {
  /** What becomes of slots. */
  public enum State {
    /** A password is put there. */
    ACTIVE,
    /** They are erased. */
    INACTIVE
  }

  private static final long STANDARD_TIME = 2000;

  /**
   * Does it.
   *
   * @param current the id of the secret with which the image was opened, or null
   */
  public void apply(Luks luks, @Nullable String current, ImageAmender.How how) {
    if (state == State.ACTIVE) {
      activate(luks, current, how);
    } else {
      erase(luks, how);
    }
  }

  private void activate(Luks luks, @Nullable String current, ImageAmender.How how) {
    if (newSecret == null) {
      throw BlockException.invalid("'new-secret' is required to activate a keyslot");
    }
    if (oldSecret != null) {
      throw BlockException.invalid("'old-secret' must not be given when activating keyslots");
    }
    if (current == null) {
      throw BlockException.invalid("Can't unlock the image: its secret is not given");
    }
    luks.addPassword(
        how.secrets().get(current),
        how.secrets().get(newSecret),
        keyslot,
        iterTime == null ? STANDARD_TIME : iterTime,
        how.force());
  }

  private void erase(Luks luks, ImageAmender.How how) {
    if (newSecret != null) {
      throw BlockException.invalid("'new-secret' must not be given when erasing keyslots");
    }
    if (iterTime != null) {
      throw BlockException.invalid("'iter-time' must not be given when erasing keyslots");
    }
    if (keyslot != null) {
      luks.erase(keyslot, how.force());
    } else if (oldSecret != null) {
      luks.erase(how.secrets().get(oldSecret), how.force());
    } else {
      throw BlockException.invalid(
          "To erase keyslot(s), either 'old-secret' or 'keyslot' must be given");
    }
  }
}
