import org.jspecify.annotations.NullMarked;

/**
 * IEEE 754-2019 binary floating point on integer bit patterns: bit-exact results and flags in every
 * rounding mode, with the choices the standard leaves open (NaNs, tininess, conversions out of
 * range) as each guest architecture makes them.
 */
@NullMarked
module dev.kasuari.softfloat {
  requires static transitive org.jspecify;

  exports dev.kasuari.softfloat;
}
