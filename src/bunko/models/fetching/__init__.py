"""Download models: from the Python index, over HTTPS, from a local Ollama."""
