# What a session runs in when its request names no image. The build context is this directory.
ARG BASE=node:24-bookworm-slim

FROM ${BASE} AS tools
ARG DEBIAN_FRONTEND=noninteractive
RUN apt-get update \
 && apt-get install -y --no-install-recommends make musl-tools \
 && rm -rf /var/lib/apt/lists/*
COPY sandbox/init /build
RUN mkdir -p /opt/daypass/bin \
 && make -C /build CC=musl-gcc LDFLAGS='-static -s' OUT=/opt/daypass/bin/init \
 && ln -s init /opt/daypass/bin/git-credential-daypass
COPY sandbox/gitconfig /opt/daypass/gitconfig
RUN chmod -R a+rX,go-w /opt/daypass

FROM ${BASE}
ARG DEBIAN_FRONTEND=noninteractive
RUN apt-get update \
 && apt-get install -y --no-install-recommends \
      bash ca-certificates coreutils curl git jq make procps python3 ripgrep \
 && rm -rf /var/lib/apt/lists/*
# Public Node images have a user of this id already, under another name.
RUN old="$(getent passwd 1000 | cut -d: -f1)" \
 && if [ -n "$old" ]; then \
      usermod --login agent --home /home/agent --move-home --shell /bin/bash "$old" \
      && groupmod --new-name agent "$(id -gn 1000)"; \
    else \
      useradd --uid 1000 --create-home --shell /bin/bash agent; \
    fi \
 && install -d -o agent -g agent /workspace
# Every sandbox gets this directory mounted from its host, so it stands alone.
COPY --from=tools /opt/daypass /opt/daypass
ENV LANG=C.UTF-8
USER agent
WORKDIR /workspace
CMD ["bash"]
