package dev.kasuari.softfloat;

import java.util.ArrayList;
import java.util.List;

/**
 * One of TestFloat's functions in terms of this package.
 *
 * @param function TestFloat's name, such as {@code f64_add}
 * @param operands how many, 1 to 3
 * @param body what computes it; operands that are not there are 0
 */
record Operation(String function, int operands, Body body) {
  /** Results are patterns without bits above the result's width; booleans are 0 and 1. */
  @FunctionalInterface
  interface Body {
    long apply(FloatEnv env, long a, long b, long c);
  }

  /** Every function TestFloat has for binary16, binary32 and binary64. */
  static List<Operation> all() {
    List<Operation> all = new ArrayList<>();
    f32(all);
    f64(all);
    generic(all, "f16", Format.BINARY16);
    return all;
  }

  private static void f32(List<Operation> all) {
    all.add(binary("f32_add", (e, a, b, c) -> wide(F32.add(e, (int) a, (int) b))));
    all.add(binary("f32_sub", (e, a, b, c) -> wide(F32.sub(e, (int) a, (int) b))));
    all.add(binary("f32_mul", (e, a, b, c) -> wide(F32.mul(e, (int) a, (int) b))));
    all.add(binary("f32_div", (e, a, b, c) -> wide(F32.div(e, (int) a, (int) b))));
    all.add(binary("f32_rem", (e, a, b, c) -> wide(F32.remainder(e, (int) a, (int) b))));
    all.add(unary("f32_sqrt", (e, a, b, c) -> wide(F32.sqrt(e, (int) a))));
    all.add(
        new Operation(
            "f32_mulAdd", 3, (e, a, b, c) -> wide(F32.fma(e, (int) a, (int) b, (int) c))));
    all.add(binary("f32_eq", (e, a, b, c) -> bit(F32.eqQuiet(e, (int) a, (int) b))));
    all.add(binary("f32_lt", (e, a, b, c) -> bit(F32.ltSignaling(e, (int) a, (int) b))));
    all.add(binary("f32_le", (e, a, b, c) -> bit(F32.leSignaling(e, (int) a, (int) b))));
    all.add(binary("f32_eq_signaling", (e, a, b, c) -> bit(F32.eqSignaling(e, (int) a, (int) b))));
    all.add(binary("f32_lt_quiet", (e, a, b, c) -> bit(F32.ltQuiet(e, (int) a, (int) b))));
    all.add(binary("f32_le_quiet", (e, a, b, c) -> bit(F32.leQuiet(e, (int) a, (int) b))));
    all.add(unary("f32_roundToInt", (e, a, b, c) -> wide(F32.roundToIntegral(e, (int) a, true))));
    all.add(unary("f32_to_i32", (e, a, b, c) -> wide(F32.toInt32(e, (int) a))));
    all.add(unary("f32_to_ui32", (e, a, b, c) -> wide(F32.toUint32(e, (int) a))));
    all.add(unary("f32_to_i64", (e, a, b, c) -> F32.toInt64(e, (int) a)));
    all.add(unary("f32_to_ui64", (e, a, b, c) -> F32.toUint64(e, (int) a)));
    all.add(unary("f32_to_f64", (e, a, b, c) -> F32.toF64(e, (int) a)));
    all.add(unary("i32_to_f32", (e, a, b, c) -> wide(F32.fromInt32(e, (int) a))));
    all.add(unary("ui32_to_f32", (e, a, b, c) -> wide(F32.fromUint32(e, (int) a))));
    all.add(unary("i64_to_f32", (e, a, b, c) -> wide(F32.fromInt64(e, a))));
    all.add(unary("ui64_to_f32", (e, a, b, c) -> wide(F32.fromUint64(e, a))));
    all.add(
        unary(
            "f32_to_f16",
            (e, a, b, c) -> SoftFloat.convert(e, Format.BINARY32, Format.BINARY16, a)));
  }

  private static void f64(List<Operation> all) {
    all.add(binary("f64_add", (e, a, b, c) -> F64.add(e, a, b)));
    all.add(binary("f64_sub", (e, a, b, c) -> F64.sub(e, a, b)));
    all.add(binary("f64_mul", (e, a, b, c) -> F64.mul(e, a, b)));
    all.add(binary("f64_div", (e, a, b, c) -> F64.div(e, a, b)));
    all.add(binary("f64_rem", (e, a, b, c) -> F64.remainder(e, a, b)));
    all.add(unary("f64_sqrt", (e, a, b, c) -> F64.sqrt(e, a)));
    all.add(new Operation("f64_mulAdd", 3, F64::fma));
    all.add(binary("f64_eq", (e, a, b, c) -> bit(F64.eqQuiet(e, a, b))));
    all.add(binary("f64_lt", (e, a, b, c) -> bit(F64.ltSignaling(e, a, b))));
    all.add(binary("f64_le", (e, a, b, c) -> bit(F64.leSignaling(e, a, b))));
    all.add(binary("f64_eq_signaling", (e, a, b, c) -> bit(F64.eqSignaling(e, a, b))));
    all.add(binary("f64_lt_quiet", (e, a, b, c) -> bit(F64.ltQuiet(e, a, b))));
    all.add(binary("f64_le_quiet", (e, a, b, c) -> bit(F64.leQuiet(e, a, b))));
    all.add(unary("f64_roundToInt", (e, a, b, c) -> F64.roundToIntegral(e, a, true)));
    all.add(unary("f64_to_i32", (e, a, b, c) -> wide(F64.toInt32(e, a))));
    all.add(unary("f64_to_ui32", (e, a, b, c) -> wide(F64.toUint32(e, a))));
    all.add(unary("f64_to_i64", (e, a, b, c) -> F64.toInt64(e, a)));
    all.add(unary("f64_to_ui64", (e, a, b, c) -> F64.toUint64(e, a)));
    all.add(unary("f64_to_f32", (e, a, b, c) -> wide(F64.toF32(e, a))));
    all.add(unary("i32_to_f64", (e, a, b, c) -> F64.fromInt32(e, (int) a)));
    all.add(unary("ui32_to_f64", (e, a, b, c) -> F64.fromUint32(e, (int) a)));
    all.add(unary("i64_to_f64", (e, a, b, c) -> F64.fromInt64(e, a)));
    all.add(unary("ui64_to_f64", (e, a, b, c) -> F64.fromUint64(e, a)));
    all.add(
        unary(
            "f64_to_f16",
            (e, a, b, c) -> SoftFloat.convert(e, Format.BINARY64, Format.BINARY16, a)));
  }

  /** The functions on a format that has no class of its own. */
  private static void generic(List<Operation> all, String name, Format f) {
    all.add(binary(name + "_add", (e, a, b, c) -> SoftFloat.add(e, f, a, b)));
    all.add(binary(name + "_sub", (e, a, b, c) -> SoftFloat.sub(e, f, a, b)));
    all.add(binary(name + "_mul", (e, a, b, c) -> SoftFloat.mul(e, f, a, b)));
    all.add(binary(name + "_div", (e, a, b, c) -> SoftFloat.div(e, f, a, b)));
    all.add(binary(name + "_rem", (e, a, b, c) -> SoftFloat.remainder(e, f, a, b)));
    all.add(unary(name + "_sqrt", (e, a, b, c) -> SoftFloat.sqrt(e, f, a)));
    all.add(new Operation(name + "_mulAdd", 3, (e, a, b, c) -> SoftFloat.fma(e, f, a, b, c)));
    all.add(binary(name + "_eq", (e, a, b, c) -> bit(SoftFloat.eqQuiet(e, f, a, b))));
    all.add(binary(name + "_lt", (e, a, b, c) -> bit(SoftFloat.ltSignaling(e, f, a, b))));
    all.add(binary(name + "_le", (e, a, b, c) -> bit(SoftFloat.leSignaling(e, f, a, b))));
    all.add(binary(name + "_eq_signaling", (e, a, b, c) -> bit(SoftFloat.eqSignaling(e, f, a, b))));
    all.add(binary(name + "_lt_quiet", (e, a, b, c) -> bit(SoftFloat.ltQuiet(e, f, a, b))));
    all.add(binary(name + "_le_quiet", (e, a, b, c) -> bit(SoftFloat.leQuiet(e, f, a, b))));
    all.add(unary(name + "_roundToInt", (e, a, b, c) -> SoftFloat.roundToIntegral(e, f, a, true)));
    all.add(
        unary(name + "_to_i32", (e, a, b, c) -> wide((int) SoftFloat.toSigned(e, f, a, 32, 0))));
    all.add(unary(name + "_to_ui32", (e, a, b, c) -> SoftFloat.toUnsigned(e, f, a, 32, 0)));
    all.add(unary(name + "_to_i64", (e, a, b, c) -> SoftFloat.toSigned(e, f, a, 64, 0)));
    all.add(unary(name + "_to_ui64", (e, a, b, c) -> SoftFloat.toUnsigned(e, f, a, 64, 0)));
    all.add(unary(name + "_to_f32", (e, a, b, c) -> SoftFloat.convert(e, f, Format.BINARY32, a)));
    all.add(unary(name + "_to_f64", (e, a, b, c) -> SoftFloat.convert(e, f, Format.BINARY64, a)));
    all.add(unary("i32_to_" + name, (e, a, b, c) -> SoftFloat.fromSigned(e, f, signed(a), 0)));
    all.add(unary("ui32_to_" + name, (e, a, b, c) -> SoftFloat.fromUnsigned(e, f, a, 0)));
    all.add(unary("i64_to_" + name, (e, a, b, c) -> SoftFloat.fromSigned(e, f, a, 0)));
    all.add(unary("ui64_to_" + name, (e, a, b, c) -> SoftFloat.fromUnsigned(e, f, a, 0)));
  }

  private static Operation unary(String function, Body body) {
    return new Operation(function, 1, body);
  }

  private static Operation binary(String function, Body body) {
    return new Operation(function, 2, body);
  }

  private static long wide(int bits) {
    return bits & 0xffff_ffffL;
  }

  /** A 32-bit operand, sign-extended. */
  private static long signed(long operand) {
    return operand << 32 >> 32;
  }

  private static long bit(boolean value) {
    return value ? 1 : 0;
  }

  @Override
  public String toString() {
    return function;
  }
}
