# Built by: llm-copilot sandbox image build go
ARG BASE=golang:1.25-bookworm
FROM ${BASE}
RUN apt-get update \
 && apt-get install -y --no-install-recommends bash ca-certificates git procps ripgrep \
 && rm -rf /var/lib/apt/lists/*
# The system is read-only when commands run; these folders are not.
ENV GOPATH=/tmp/home/go GOCACHE=/tmp/home/.cache/go-build GOTOOLCHAIN=local
