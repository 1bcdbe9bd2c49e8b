package dev.kasuari.block.luks;

import dev.kasuari.block.BlockException;
import dev.kasuari.block.BlockNode;
import dev.kasuari.block.BlockStatus;
import dev.kasuari.block.ImageAmender;
import dev.kasuari.block.ImageNode;
import dev.kasuari.block.Opening;
import dev.kasuari.block.Preallocation;
import dev.kasuari.block.Zeroes;
import dev.kasuari.block.crypto.EncryptedBytes;
import dev.kasuari.qapi.Json;
import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;

/** An open image; without a password only its header can be looked at. */
final class LuksNode extends BlockNode implements ImageNode {
  private final BlockNode file;
  private final Luks luks;
  private final @Nullable EncryptedBytes bytes;
  private final @Nullable String secret;

  LuksNode(
      Opening opening,
      BlockNode file,
      Luks luks,
      @Nullable EncryptedBytes bytes,
      @Nullable String secret) {
    this.secret = secret;
    super(opening);
    this.file = file;
    this.luks = luks;
    this.bytes = bytes;
  }

  void change(KeySlots slots, ImageAmender.How how) {
    slots.apply(luks, secret, how);
  }

  private EncryptedBytes bytes() {
    if (bytes == null) {
      throw BlockException.invalid("Parameter 'key-secret' is required for cipher");
    }
    return bytes;
  }

  @Override
  public long size() {
    return file.size() - luks.payloadOffset();
  }

  @Override
  protected void readAt(long offset, MemorySegment to) {
    bytes().read(file, luks.payloadOffset() + offset, offset, to);
  }

  @Override
  protected void writeAt(long offset, MemorySegment from) {
    bytes().write(file, luks.payloadOffset() + offset, offset, from);
  }

  @Override
  protected void zeroAt(long offset, long length, boolean mayUnmap) {
    for (long done = 0; done < length; ) {
      MemorySegment zeroes = Zeroes.some(length - done);
      writeAt(offset + done, zeroes);
      done += zeroes.byteSize();
    }
  }

  @Override
  protected void discardAt(long offset, long length) {
    // What is not there any more would not be zero, but noise.
  }

  @Override
  protected void flushNow() {
    file.flush();
  }

  @Override
  protected BlockStatus statusAt(long offset, long length) {
    return BlockStatus.data(length, BlockStatus.NO_OFFSET);
  }

  @Override
  protected void truncateTo(long size, Preallocation preallocation) {
    file.truncate(luks.payloadOffset() + size, preallocation);
  }

  @Override
  public Facts facts() {
    return new Facts(0, false, true, null, null, new Json.Members(luks.describe()));
  }
}
