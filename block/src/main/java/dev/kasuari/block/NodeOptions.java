package dev.kasuari.block;

import dev.kasuari.qapi.Options;
import org.jspecify.annotations.Nullable;

/**
 * What any node can be told, beside what its driver declares.
 *
 * @param driver what kind of node
 * @param nodeName its name in the graph
 * @param readOnly whether writing is refused; as its user opens it if left out
 * @param autoReadOnly read only where it cannot be written
 * @param forceShare take part in no locking; read only
 * @param discard what happens to bytes that nobody needs any more
 * @param detectZeroes what is done with zeroes that are written as data
 * @param cache what the host keeps
 */
@Options(implied = "driver")
public record NodeOptions(
    String driver,
    @Nullable String nodeName,
    @Nullable Boolean readOnly,
    @Nullable Boolean autoReadOnly,
    @Nullable Boolean forceShare,
    @Nullable Discard discard,
    @Options.Default("off") BlockNode.DetectZeroes detectZeroes,
    @Nullable Cache cache) {

  /**
   * What the host keeps.
   *
   * @param direct nothing: reads and writes go past its cache
   * @param noFlush flushes are ignored
   */
  @Options
  public record Cache(@Nullable Boolean direct, @Nullable Boolean noFlush) {}

  /** What happens to bytes that nobody needs any more. */
  public enum Discard {
    /** They stay. */
    IGNORE,
    /** They stay; another word for ignore. */
    OFF,
    /** Their room is given back. */
    UNMAP,
    /** Their room is given back; another word for unmap. */
    ON
  }

  /** What the user of a node asked for, with what the node's own options change. */
  Access applied(Access asked) {
    Access access = asked;
    if (readOnly != null) {
      access = access.withWritable(!readOnly && asked.writable());
    }
    if (autoReadOnly != null) {
      access = access.withAutoReadOnly(autoReadOnly);
    }
    if (forceShare != null) {
      access = access.withForceShare(forceShare);
    }
    if (discard != null) {
      access = access.withUnmap(discard == Discard.UNMAP || discard == Discard.ON);
    }
    if (cache != null) {
      boolean direct = cache.direct() == null ? access.direct() : cache.direct();
      boolean noFlush = cache.noFlush() == null ? access.noFlush() : cache.noFlush();
      access = access.withCache(!direct, !noFlush);
    }
    if (access.forceShare() && access.writable()) {
      throw BlockException.invalid("force-share=on can only be used with read-only images");
    }
    return access;
  }
}
