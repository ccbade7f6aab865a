# Claude Code, on top of the image that sessions have: docker build -t daypass/claude -f docker/agents/claude.Dockerfile docker/agents
ARG BASE=daypass/sandbox

FROM ${BASE} AS install
ARG VERSION=2.1.331
USER root
# A network whose proxy has an authority of its own: put its certificate beside this file, as ca.crt. It does not stay.
COPY claude.Dockerfile ca.crt* /build/
RUN if [ -f /build/ca.crt ]; then export NODE_EXTRA_CA_CERTS=/build/ca.crt; fi \
 && npm install --global --prefix /opt/claude --no-audit --no-fund @anthropic-ai/claude-code@${VERSION} \
 && /opt/claude/bin/claude --version

FROM ${BASE}
COPY --from=install /opt/claude /opt/claude
ENV PATH=/opt/claude/bin:$PATH
