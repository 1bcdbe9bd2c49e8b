package dev.kasuari.tcg.x86_64;

import dev.kasuari.softfloat.FloatEnv;

/**
 * What code depends on besides the unit.
 *
 * @param environment the architecture's choices where IEEE 754 leaves one
 * @param features what the host can do
 * @param severalCpus whether an atomic access must be one for other vCPUs, too; otherwise it is
 *     enough that nothing comes between
 */
record CodeOptions(FloatEnv environment, CpuFeatures features, boolean severalCpus) {}
