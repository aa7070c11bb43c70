#!/usr/bin/env bash
# Build the training images with Docker and publish them, once both are built: `latest` has CUDA, `cpu` has none.
# usage: publish.sh REPOSITORY_URI [FOLDER]    FOLDER: an image of yours on top, its Dockerfile begins with FROM droptrain
# Environment: BASE_IMAGE is what both are built on; TENSORFLOW=no, if that has a framework of its own.
set -euo pipefail
repository=$1
yours=${2:-}
droptrain=$(dirname "$0")
layouts=$(mktemp -d)
# Docker's own builder compresses layers with gzip, which an instance unpacks several times slower than zstd.
builder=$(docker buildx create --driver docker-container)
trap 'docker buildx rm "$builder"; rm -rf "$layouts"' EXIT

build() {
  docker buildx build --builder "$builder" --platform linux/amd64 --provenance=false "$@"
}

# usage: image gpu|cpu OUTPUT
image() {
  local arguments=(--build-arg "TENSORFLOW=${TENSORFLOW:-$1}")
  if [[ -n ${BASE_IMAGE:-} ]]; then arguments+=(--build-arg "BASE_IMAGE=$BASE_IMAGE"); fi
  if [[ -z $yours ]]; then
    build "${arguments[@]}" --output "$2" "$droptrain"
    return
  fi
  if [[ ! -e $layouts/$1 ]]; then
    build "${arguments[@]}" --output "type=oci,name=droptrain,tar=false,compression=uncompressed,dest=$layouts/$1" "$droptrain"
  fi
  build --build-context "droptrain=oci-layout://$layouts/$1" --output "$2" "$yours"
}

image gpu type=cacheonly
image cpu type=cacheonly
published="push=true,compression=zstd,force-compression=true,oci-mediatypes=true"
image gpu "type=image,name=$repository:latest,$published"
image cpu "type=image,name=$repository:cpu,$published"
