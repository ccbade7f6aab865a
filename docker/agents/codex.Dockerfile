# Codex, on top of the image that sessions have: docker build -t daypass/codex -f docker/agents/codex.Dockerfile docker/agents
ARG BASE=daypass/sandbox

FROM ${BASE} AS install
ARG VERSION=0.169.0
USER root
# A network whose proxy has an authority of its own: put its certificate beside this file, as ca.crt. It does not stay.
COPY codex.Dockerfile ca.crt* /build/
RUN if [ -f /build/ca.crt ]; then export NODE_EXTRA_CA_CERTS=/build/ca.crt; fi \
 && npm install --global --prefix /opt/codex --no-audit --no-fund @openai/codex@${VERSION} \
 && /opt/codex/bin/codex --version

FROM ${BASE}
COPY --from=install /opt/codex /opt/codex
ENV PATH=/opt/codex/bin:$PATH
