package dev.kasuari.tcg.x86_64;

import dev.kasuari.softfloat.FloatEnv;

/**
 * What code depends on besides the unit.
 *
 * @param environment the architecture's choices where IEEE 754 leaves one
 * @param features what the host can do
 */
record CodeOptions(FloatEnv environment, CpuFeatures features) {}
