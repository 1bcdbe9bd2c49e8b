/** Back ends of network cards ({@code -netdev}). */
package dev.kasuari.net;
