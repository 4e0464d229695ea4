package dev.drey.runtime.device;

/** Everything a device owes; a device's tests extend this and say how to open it. */
abstract class DeviceConformance
    implements MatmulConformance,
        ExpertConformance,
        AttentionConformance,
        RowConformance,
        ElementConformance,
        RouterConformance,
        DeltaConformance,
        MemoryConformance {}
