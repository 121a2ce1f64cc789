# Built by: llm-copilot sandbox image build node
ARG BASE=node:24-bookworm-slim
FROM ${BASE}
RUN apt-get update \
 && apt-get install -y --no-install-recommends bash ca-certificates git procps ripgrep \
 && rm -rf /var/lib/apt/lists/*
# The system is read-only when commands run; this folder is not.
ENV npm_config_cache=/tmp/home/.npm npm_config_update_notifier=false
