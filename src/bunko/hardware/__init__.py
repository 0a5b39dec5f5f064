"""What this machine has: processor, memory's speed, GPUs. In: the system's own files and tools. Out: records.

    processor  name and instruction sets
    graphics   GPUs, whether the engine can use them or not
    wheels     which wheel of the engine is made for them, and how it is installed
    bandwidth  how quickly memory is read

Knows nothing of models. Nothing is imported here: take what you need from the module that has it.
"""
