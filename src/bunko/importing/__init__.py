"""Import a model: from a Hugging Face folder, an adapter or a GGUF file to a checked GGUF file.

    sources       looks at the input, and refuses what can't be imported (safetensors: headers)
    converting    llama.cpp's converter in a process of its own (`convert_child`)
    kinds         which type each tensor gets, as llama.cpp chooses (pure)
    quantising    a GGUF file written anew with these types, a few rows at a time
    calibrating   which weights matter for the user's own texts (`calibrate_child`)
    checking      whether the result is good, and how good: template, tokenizer, divergence, speed, memory
    making        all of it in order, all or nothing

Nothing is imported here: import from the modules.
"""
