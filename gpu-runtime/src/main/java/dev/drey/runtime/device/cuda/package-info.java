/**
 * An NVIDIA GPU as a device, through the driver API alone: memory, streams, events and kernels that
 * are loaded from this jar. The only package that knows JCuda. May import {@code device}, {@code
 * model} and {@code memory} only.
 *
 * <p>From below: {@code DriverLibrary} loads the binding, {@code Driver} makes its calls, {@code
 * CudaContext} holds a GPU, {@code DeviceMemory} and {@code PinnedMemory} its bytes, {@code
 * CommandQueue} an ordered stream of launches and copies, {@code EventTimeline} the points in it.
 * Above them stand the device, its two kinds of stream and one class per group of operations.
 */
@NullMarked
package dev.drey.runtime.device.cuda;

import org.jspecify.annotations.NullMarked;
