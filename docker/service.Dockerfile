# One image for all roles: what a container runs, as whom and with what rights says docker-compose.yml. The build context is
# the project's directory.
ARG BASE=node:24-bookworm-slim

FROM ${BASE} AS packages
WORKDIR /app
# A network whose proxy has an authority of its own: put its certificate beside package.json, as ca.crt. It does not stay.
COPY package.json package-lock.json .npmrc ca.crt* ./
RUN if [ -f ca.crt ]; then export NODE_EXTRA_CA_CERTS=/app/ca.crt; fi \
 && npm install --no-save --include=dev --ignore-scripts --no-audit --no-fund

FROM packages AS page
COPY tsconfig.json ./
COPY src src
RUN node src/dashboard/build/main.ts

FROM packages AS production
RUN npm prune --omit=dev --ignore-scripts --no-audit --no-fund

FROM ${BASE}
ARG DEBIAN_FRONTEND=noninteractive
# git for git host and gateway, mount and e2fsprogs for the warden's disks, and Redis, so that one image is all there is to get.
RUN apt-get update \
 && apt-get install -y --no-install-recommends ca-certificates e2fsprogs git mount redis-server util-linux \
 && rm -rf /var/lib/apt/lists/*
# A user for each role. Groups beside theirs are for what two of them share; docker/compose/host.sh has the directories.
RUN set -e; \
    for entry in redis:7001 git-host:7002 api:7003 minter:7004 gateway:7005 worker:7006; do \
      name="daypass-${entry%:*}"; id="${entry#*:}"; \
      groupadd --gid "$id" "$name"; \
      useradd --uid "$id" --gid "$id" --no-create-home --home-dir /nonexistent --shell /usr/sbin/nologin "$name"; \
      install -d -o "$id" -g "$id" -m 0700 "/var/lib/daypass/${entry%:*}"; \
    done; \
    groupadd --gid 7100 daypass-warden; \
    groupadd --gid 7101 daypass-redis-socket; \
    groupadd --gid 7102 daypass-session-logs; \
    groupadd --gid 7103 daypass-minter-socket; \
    groupadd --gid 7104 daypass-credentials; \
    groupadd --gid 7105 daypass-policies; \
    install -d -o 7001 -g 7101 -m 2750 /run/daypass-redis; \
    install -d -o 7006 -g 7102 -m 2750 /var/lib/daypass/session-logs
WORKDIR /app
COPY docker/compose/redis.conf /etc/daypass/redis.conf
COPY package.json LICENSE ./
COPY --from=production /app/node_modules node_modules
COPY docker docker
COPY workers workers
COPY src src
COPY --from=page /app/dist dist
RUN printf '#!/bin/sh\nexec node /app/src/cli/up/main.ts cli "$@"\n' > /usr/local/bin/daypass && chmod 0755 /usr/local/bin/daypass
ENV NODE_ENV=production LANG=C.UTF-8
# Nobody, for whom it is started without a role.
USER 65534:65534
CMD ["daypass", "--help"]
