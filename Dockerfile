# The action's image: one static binary and the certificates to trust. Nothing else is in it, no shell above all: as
# PID 1 a shell would swallow the signals that start a step-down.

# Releases give the build image by digest: --build-arg BUILD_IMAGE=golang:1.26-bookworm@sha256:...
ARG BUILD_IMAGE=golang:1.26-bookworm

FROM ${BUILD_IMAGE} AS build
WORKDIR /src
COPY go.mod go.sum ./
RUN go mod download
COPY . .
RUN mkdir -p /out/etc/ssl/certs && mkdir -m 1777 /out/tmp \
 && CGO_ENABLED=0 go build -trimpath -buildvcs=false -ldflags "-s -w -buildid=" -o /out/stepdown ./cmd/stepdown \
 && ln -s stepdown /out/stepdown-post \
 && cp /etc/ssl/certs/ca-certificates.crt /out/etc/ssl/certs/

FROM scratch
ARG VERSION=dev
ARG REVISION=unknown
LABEL org.opencontainers.image.title="stepdown" \
      org.opencontainers.image.description="Temporary Okta admin roles for creating API tokens, taken back and proved; audits with OPA Rego" \
      org.opencontainers.image.source="https://github.com/stepdown/stepdown" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}"
COPY --from=build /out/ /
# There is no USER instruction: "Docker actions must be run by the default Docker user (root)", or the files that the
# runner mounts cannot be written.
# https://docs.github.com/en/actions/reference/workflows-and-actions/dockerfile-support#user
ENTRYPOINT ["/stepdown"]
