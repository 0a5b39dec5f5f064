"""The API in OpenAI's form."""
