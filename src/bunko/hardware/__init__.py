"""Describe this machine: processor, memory, GPUs. In: the system's own files and tools. Out: records.

    processor  name and instruction sets
    graphics   GPUs, including those that the engine can't use
    wheels     the engine's wheel for these GPUs, and how to install it
    bandwidth  how fast memory is read
    memory     total and available memory
    freed_memory  return to the system what was freed, now or from now on

Knows nothing of models. Nothing is imported here: import from the modules.
"""
