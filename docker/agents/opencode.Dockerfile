# opencode, on top of the image that sessions have: docker build -t daypass/opencode -f docker/agents/opencode.Dockerfile docker/agents
ARG BASE=daypass/sandbox

FROM ${BASE} AS install
ARG VERSION=1.18.33
USER root
# A network whose proxy has an authority of its own: put its certificate beside this file, as ca.crt. It does not stay.
COPY opencode.Dockerfile ca.crt* /build/
RUN if [ -f /build/ca.crt ]; then export NODE_EXTRA_CA_CERTS=/build/ca.crt; fi \
 && npm install --global --prefix /opt/opencode --no-audit --no-fund opencode-ai@${VERSION} \
 && /opt/opencode/bin/opencode --version

FROM ${BASE}
COPY --from=install /opt/opencode /opt/opencode
ENV PATH=/opt/opencode/bin:$PATH
