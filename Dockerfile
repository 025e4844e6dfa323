# One image for every process: which one runs is its command. Node 24: Node 20, the floor, is past its end of life.
FROM node:24-bookworm-slim AS build
WORKDIR /lagom
COPY package.json package-lock.json ./
RUN npm ci --no-audit --no-fund
COPY tsconfig.json tsconfig.build.json ./
COPY apps ./apps
COPY libs ./libs
RUN npm run build && npm prune --omit=dev --no-audit --no-fund

FROM node:24-bookworm-slim
ENV NODE_ENV=production
WORKDIR /lagom
COPY --from=build /lagom/package.json ./
COPY --from=build /lagom/node_modules ./node_modules
COPY --from=build /lagom/dist ./dist
# What is data stays data: journeys, templates, tenants, the published schemas.
COPY libs/journeys/definitions ./libs/journeys/definitions
COPY templates ./templates
COPY tenants ./tenants
COPY schemas ./schemas
COPY asyncapi.yaml openapi.yaml LICENSE ./
# The embedded store's folder, where `all` runs with a volume.
RUN mkdir .lagom && chown node:node .lagom
USER node
EXPOSE 3000
# The process answers for itself; no curl in the image.
HEALTHCHECK --interval=10s --timeout=3s --start-period=20s \
  CMD ["node", "-e", "fetch(`http://127.0.0.1:${process.env.PORT ?? 3000}/readyz`).then((r) => process.exit(r.ok ? 0 : 1), () => process.exit(1))"]
# Node is the first process and drains on SIGTERM itself, within 45 s.
STOPSIGNAL SIGTERM
CMD ["node", "--enable-source-maps", "dist/apps/all/main.js"]
