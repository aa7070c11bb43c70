#!/usr/bin/env bash
# Install TensorFlow while the image is built: into one folder below /packages for each layer of the image, as paths from /.
# usage: install_tensorflow.sh gpu|cpu|no
set -euo pipefail
kind=$1
layers=/packages
mkdir -p "$layers"/{cudnn-engines,cudnn,cublas,cufft-cusparse,nccl-cusolver,tensorflow-library,rest}
[[ $kind != no ]] || exit 0
command -v apt-get > /dev/null || {
  echo "TensorFlow is added to a Debian or Ubuntu base. For another, with a framework of its own: TENSORFLOW=no" >&2
  exit 1
}
apt-get update -qq
DEBIAN_FRONTEND=noninteractive apt-get install --yes -qq --no-install-recommends binutils

python3 -m venv /tmp/pip
/tmp/pip/bin/python -m pip --python "$(command -v python3)" install --root "$layers/rest" --ignore-installed \
  --no-cache-dir --no-compile --disable-pip-version-check --root-user-action ignore --no-warn-script-location \
  --require-hashes --only-binary=:all: -r "requirements-$kind.txt"
site=$(python3 -c 'import sysconfig; print(sysconfig.get_path("purelib"))')
cd "$layers/rest$site"

# What neither an import nor a training, an export or a profile opens (traced, decision 221): what others compile against,
# tests, symbols for a debugger, and libraries that no other one loads.
rm -rf tensorflow/include clang/native/*.so* nvidia/*/include nvidia/cuda_cupti/samples nvidia/cuda_nvcc/nvvm/lib64 \
  nvidia/cusolver/lib/libcusolverMg.so* nvidia/cufft/lib/libcufftw.so* nvidia/cublas/lib/libnvblas.so*
find . \( -name '*.pyi' -o -name '*.a' \) -delete
find numpy h5py -type d -name tests -prune -exec rm -rf {} +
find tensorflow -name '*.so*' -type f -exec strip --strip-unneeded {} +

# Here, since user 1000 can't write beside it; with one hash seed, so that the same packages give the same bytes.
PYTHONHASHSEED=0 python3 -S -m compileall -q -s "$layers/rest" --invalidation-mode unchecked-hash "$PWD"

PYTHONPATH=$PWD python3 -c 'import tensorflow'
if [[ $kind == gpu ]]; then
  # Each of them still finds all that it needs.
  find "$PWD/nvidia" -name 'lib*.so*' -print0 | xargs -0 -n1 python3 -c 'import ctypes, sys; ctypes.CDLL(sys.argv[1])'
fi

# Several layers of a few hundred megabytes are downloaded together, and the first is unpacked meanwhile.
put() {
  local layer=$1 path
  shift
  for path in "$@"; do
    if [[ -e $path ]]; then
      mkdir -p "$layers/$layer$site/$(dirname "$path")"
      mv "$path" "$layers/$layer$site/$path"
    fi
  done
}
put cudnn-engines nvidia/cudnn/lib/libcudnn_engines_precompiled.so.9
put cudnn nvidia/cudnn
put cublas nvidia/cublas
put cufft-cusparse nvidia/cufft nvidia/cusparse
put nccl-cusolver nvidia/nccl nvidia/cusolver
put tensorflow-library tensorflow/libtensorflow_cc.so.2
