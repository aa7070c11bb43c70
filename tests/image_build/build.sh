#!/usr/bin/env bash
# Build image/Dockerfile on the small base, without CUDA; what didn't change comes from podman's cache.
# usage: build.sh [TAG [OPTION OF podman build]...]
set -euo pipefail
cd "$(dirname "$0")/../.."
export CONTAINERS_CONF=$PWD/tests/image_build/containers.conf
mounts=()
# Where pip reaches its packages by settings and certificates of the machine, the build needs them as well.
for file in /etc/pip.conf /etc/ssl/certs/ca-certificates.crt; do
  if [[ -e $file ]]; then mounts+=(--volume "$file:$file:ro"); fi
done
echo "Building image/Dockerfile on the small base ..."
podman build --quiet --isolation chroot --network host "${mounts[@]}" \
  --build-arg BASE_IMAGE=localhost/droptrain-test-base --build-arg TENSORFLOW=no \
  --build-arg SOURCE=https://example.com/droptrain --tag "${1:-localhost/droptrain-test}" "${@:2}" image
