# Built by: llm-copilot sandbox image build python
ARG BASE=python:3.13-slim-bookworm
FROM ${BASE}
RUN apt-get update \
 && apt-get install -y --no-install-recommends bash ca-certificates git procps ripgrep \
 && rm -rf /var/lib/apt/lists/*
# The system is read-only when commands run; this folder is not.
ENV PIP_CACHE_DIR=/tmp/home/.cache/pip PIP_DISABLE_PIP_VERSION_CHECK=1
