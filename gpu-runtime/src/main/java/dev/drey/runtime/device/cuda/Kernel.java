package dev.drey.runtime.device.cuda;

import jcuda.driver.CUfunction;

/** A kernel of a loaded module. */
record Kernel(String name, CUfunction function) {}
