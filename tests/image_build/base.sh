#!/usr/bin/env bash
# Make the small base that the image is tested on, once, and start a container of it: fails where that can't be.
set -euo pipefail
cd "$(dirname "$0")/../.."
export CONTAINERS_CONF=$PWD/tests/image_build/containers.conf
for tool in podman runc catatonit mmdebstrap; do
  command -v "$tool" >/dev/null || { echo "There is no $tool: apt-get install $tool" >&2; exit 1; }
done
archive=build/image-base.tar
partial=build/image-base.part.tar
if [[ ! -e $archive ]]; then
  echo "Making a base of Debian packages (once, a minute) ..."
  mkdir -p build
  mmdebstrap --quiet --variant=apt --include=python3-minimal,python3-venv,ca-certificates,passwd \
    trixie "$partial"
  podman import --quiet "$partial" localhost/droptrain-test-base
  mv "$partial" "$archive"
fi
podman image exists localhost/droptrain-test-base \
  || podman import --quiet "$archive" localhost/droptrain-test-base
podman run --rm --init localhost/droptrain-test-base true
