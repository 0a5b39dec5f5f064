# Bunko in a container: `docker compose up` serves the folder ./documents on http://127.0.0.1:8642. docs/serving.md,
# "In a container", has more. Nothing in it needs root, a GPU or a compiler.

FROM python:3.12-slim AS build
WORKDIR /source
ENV PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1
RUN python -m venv /opt/bunko
# The packages first, in the versions that the release was checked with: they change less often than the program.
COPY requirements/bunko.lock requirements/
RUN /opt/bunko/bin/pip install --require-hashes -r requirements/bunko.lock
COPY pyproject.toml README.md LICENSE ./
COPY src src
RUN /opt/bunko/bin/pip install --no-deps .

FROM python:3.12-slim
# libgomp1: llama.cpp; tesseract-ocr with its data: text in pictures, in English and Japanese.
RUN apt-get update \
    && apt-get install --yes --no-install-recommends libgomp1 tesseract-ocr tesseract-ocr-jpn \
    && rm -rf /var/lib/apt/lists/*
COPY --from=build /opt/bunko /opt/bunko
RUN useradd --create-home --uid 10001 bunko \
    && mkdir -p /models /data /documents \
    && chown bunko:bunko /models /data
USER bunko
ENV PATH=/opt/bunko/bin:$PATH \
    BUNKO_CACHE_DIR=/models \
    BUNKO_STORE=/data/index \
    XDG_DATA_HOME=/data \
    PYTHONUNBUFFERED=1
# Models; the index and the key that signs it. The documents may be read-only.
VOLUME ["/models", "/data"]
WORKDIR /documents
EXPOSE 8642
HEALTHCHECK --interval=30s --timeout=5s --start-period=60s \
    CMD ["python", "-c", "import urllib.request as u; u.urlopen('http://127.0.0.1:8642/health', timeout=4)"]
# The printed address has the token; BUNKO_SERVER__TOKEN names one of your own.
ENTRYPOINT ["bunko"]
CMD ["serve", "/documents", "--host", "0.0.0.0"]
