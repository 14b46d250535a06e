# The action's image: one static binary and the certificates to trust. Nothing else is in it, no shell above all: as
# PID 1 a shell would swallow the signals that start a step-down.

# The build image, by digest; it gives the compiler and the certificates. Where it cannot be pulled, --build-arg gives another.
ARG BUILD_IMAGE=golang:1.26.8-bookworm@sha256:dc9ad6c05acc7a88e5b71bde60a5fe3bd4b9f0db209011711b464107438a8107

# It is of the platform that is asked for. --platform=$BUILDPLATFORM, with which the compiler of the machine's own could build
# for another, only BuildKit knows, and an Action's image is built by whatever Docker a runner has.
FROM ${BUILD_IMAGE} AS build
ARG TARGETOS
ARG TARGETARCH
WORKDIR /src
COPY go.mod go.sum ./
# What takes longest to compile, in a layer that stays as long as go.mod does.
RUN go mod download \
 && CGO_ENABLED=0 GOOS="${TARGETOS}" GOARCH="${TARGETARCH}" go build -trimpath -buildvcs=false github.com/open-policy-agent/opa/v1/rego \
      github.com/google/go-github/v88/github github.com/okta/okta-sdk-golang/v2/okta github.com/lestrrat-go/jwx/v3/jwt github.com/olekukonko/tablewriter
COPY . .
RUN mkdir -p /out/etc/ssl/certs && mkdir -m 1777 /out/tmp \
 && CGO_ENABLED=0 GOOS="${TARGETOS}" GOARCH="${TARGETARCH}" go build -trimpath -buildvcs=false -ldflags "-s -w -buildid=" -o /out/stepdown ./cmd/stepdown \
 && ln -s stepdown /out/stepdown-post \
 && cp /etc/ssl/certs/ca-certificates.crt /out/etc/ssl/certs/ \
 && find /out -exec touch -h -d @0 {} +

FROM scratch
ARG VERSION=0.1.0
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
