/**
 * Checks of what is deployed but not compiled: the Dockerfile and the manifests are read with the
 * classes of those who will read them in a cluster, and compared with each other. Nothing here
 * starts a container or talks to a cluster.
 */
@NullMarked
package dev.drey.deploy;

import org.jspecify.annotations.NullMarked;
