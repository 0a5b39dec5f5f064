"""Describe this machine: processor, memory, GPUs. In: the system's own files and tools. Out: records.

    processor  name and instruction sets
    graphics   GPUs, whether the engine can use them or not
    wheels     which wheel of the engine is made for them, and how it is installed
    bandwidth  how fast memory is read
    memory     how much memory there is

Knows nothing of models. Nothing is imported here: import from the modules.
"""
