"""Import a model: from a Hugging Face folder, an adapter or a GGUF file to a checked GGUF file.

    sources       examines the input, and refuses what can't be imported (safetensors: reads headers)
    converting    runs llama.cpp's converter in its own process (`convert_child`)
    kinds         chooses each tensor's type by llama.cpp's rules (pure)
    quantising    rewrites a GGUF file with these types, a few rows at a time
    calibrating   measures which weights matter for the user's texts (`calibrate_child`)
    checking      measures the result: template, tokenizer, divergence, speed, memory
    making        runs these steps in order, all or nothing

Nothing is imported here: import from the modules.
"""
