/** What A64 instructions do, as intermediate code. */
package dev.kasuari.target.arm.translate;
