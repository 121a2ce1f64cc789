# Built by: llm-copilot sandbox image build rust
ARG BASE=rust:1-slim-bookworm
FROM ${BASE}
RUN apt-get update \
 && apt-get install -y --no-install-recommends bash ca-certificates git procps ripgrep \
 && rm -rf /var/lib/apt/lists/* \
 && (rustup component add clippy rustfmt || true)
# The system is read-only when commands run; this folder is not.
ENV CARGO_HOME=/tmp/home/.cargo
