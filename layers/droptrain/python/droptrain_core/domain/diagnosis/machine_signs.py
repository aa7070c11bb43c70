"""Messages of libraries about a machine that is too small or broken, or has unsuitable software.

Each sign is a pattern with the place where its words were seen. Patterns are strings: `re` compiles each one
at its first use and caches it. Wildcards are bounded, so that no line of a log takes long.
"""

_TF = "https://github.com/tensorflow/tensorflow/issues/"
_TORCH = "https://github.com/pytorch/pytorch/issues/"
_CUDA = "https://docs.nvidia.com/deploy/cuda-compatibility/"
_CUDA_API = "https://docs.nvidia.com/cuda/cuda-runtime-api/group__CUDART__TYPES.html"

NCCL_SHARED_MEMORY = (
    r"NCCL WARN[^\n]{0,80}(?:posix_fallocate failed ?: No space left on device|failed to extend /dev/shm/"
    r"|shared memory segment[^\n]{0,80}No space left on device)"
)
NCCL_FAILED = r"NCCL error|ncclSystemError|ncclUnhandled|unhandled system error|NCCL communicator"
NCCL = "https://github.com/NVIDIA/nccl/issues/525"
SHARED_MEMORY = (
    (r"is killed by signal: Bus error|insufficient shared memory|out of shared memory", _TORCH + "5040"),
    (r"No space left on device: '?/dev/shm"
     r"|unable to (?:open|write|mmap|resize)[^\n]{0,80}(?:shared memory|/torch_)",
     "https://pytorch.org/docs/stable/multiprocessing.html"),
    (NCCL_SHARED_MEMORY, NCCL),
)  # fmt: skip
# Semaphores are files in /dev/shm: https://man7.org/linux/man-pages/man7/sem_overview.7.html
NO_ROOM = r"\[Errno 28\]"
SEMAPHORE_CODE = r"\bSemLock\("
SEMAPHORE_SOURCE = "https://github.com/Plachtaa/VITS-fast-fine-tuning/issues/397"
DISK = (
    (
        r"No space left on device|\[Errno 28\]|StorageFull",
        "https://github.com/databrickslabs/dolly/issues/139",
    ),
    (r"[Dd]isk quota exceeded|\[Errno 122\]", "https://github.com/open-mmlab/mmdetection/issues/12069"),
)
# The libraries call it memory, but it is the GPU's: checked before MEMORY.
GPU_MEMORY_FIRST = (
    (r"bad_alloc:[^\n]{0,80}(?:CUDA|cuda)|MemoryError:[^\n]{0,80}CUDA error",
     "https://github.com/rapidsai/rmm/blob/main/include/rmm/detail/error.hpp"),
)  # fmt: skip
MEMORY = (
    (r"^(?:\w+\.)*_?(?:Array)?MemoryError\b", "https://github.com/MIC-DKFZ/nnUNet/issues/2213"),
    (r"OOM when allocating tensor[^\n]{0,300}(?:device:CPU|allocator (?:mklcpu|cpu))", _TF + "17669"),
    (r"DefaultCPUAllocator: (?:can't allocate|not enough) memory|\[Errno 12\] Cannot allocate memory",
     "https://github.com/Esri/arcgis-python-api/issues/743"),
    (r"DataLoader worker \(pid[^)\n]{0,40}\) is killed by signal: Killed|std::bad_alloc",
     "https://github.com/open-mmlab/mmrotate/issues/501"),
    (r"died with <Signals\.SIGKILL: 9>|Signal 9 \(SIGKILL\)|exitcode\W{1,3}-9\b",
     "https://docs.python.org/3/library/subprocess.html"),
    (r"Unable to allocate [\d.]+ (?:[KMGT]i)?B for an array", "https://github.com/MIC-DKFZ/nnUNet/issues/2213"),
)  # fmt: skip
GPU_MEMORY = (
    (r"OOM when allocating tensor", _TF + "4735"),
    (r"CUDA out of memory|CUDA error: out of memory|cuda failed with error 2 out of memory",
     _TORCH + "16417"),
    (r"CUDA_ERROR_OUT_OF_MEMORY|failed to allocate memory on (?:the )?(?:device|GPU)", _TF + "4735"),
    (r"implicit initialization on GPU:\d+ failed\. Status: out of memory",
     "https://github.com/MicrosoftDocs/ml-basics/issues/12"),
    (r"(?:RESOURCE_EXHAUSTED|Resource exhausted|ResourceExhaustedError)\W[^\n]{0,200}"
     r"(?:[Oo]ut of memory|failed to allocate|Failed to allocate)",
     "https://github.com/google-deepmind/alphafold/issues/1023"),
    (r"Out of memory (?:while trying to allocate|allocating) \d+",
     "https://github.com/google-deepmind/alphafold/issues/1023"),
    (r"cudaErrorMemoryAllocation|parallel_for failed: out of memory|thrust[^\n]{0,80}out of memory"
     r"|cuMemAlloc\w* (?:failed|returned)|cupy\S{0,40}OutOfMemoryError",
     "https://github.com/dmlc/xgboost/issues/3756"),
    (r"not have enough GPU memory", "https://github.com/deepfakes/faceswap/issues/899"),
    (r"CUBLAS_STATUS_ALLOC_FAILED|CUDNN_STATUS_ALLOC_FAILED", "https://docs.nvidia.com/cuda/cublas/"),
    (r"Dst tensor is not initialized", _TF + "7025"),
)  # fmt: skip
GPU_BROKEN = (
    (r"uncorrectable ECC error|ECC_UNCORRECTABLE|ECCUncorrectable",
     "https://github.com/NVIDIA/semantic-segmentation/issues/33"),
    (r"GPU is lost|has fallen off the bus|NVRM: Xid|\bXid \(PCI",
     "https://docs.nvidia.com/deploy/xid-errors/"),
    (r"CUDA-capable devices? (?:\(s\) )?(?:is/|are |is )+busy or unavailable|device\(s\) is/are busy"
     r"|DEVICE_UNAVAILABLE|cudaErrorDevicesUnavailable", _TF + "48558"),
    (r"HARDWARE_STACK_ERROR|HardwareStackError|NVLINK_UNCORRECTABLE|NvlinkUncorrectable"
     r"|SYSTEM_NOT_READY|SystemNotReady|system not yet initialized", _CUDA_API),
)  # fmt: skip
CUDA_WRONG = (
    (r"CUDA driver version is insufficient|cudaErrorInsufficientDriver|CUDA_ERROR_SYSTEM_DRIVER_MISMATCH",
     _TF + "31319"),
    (r"NVIDIA driver on your system is too old|Driver/library version mismatch", _CUDA),
    (r"no kernel image is available for execution|NoKernelImageForDevice|CUDA_ERROR_NO_BINARY_FOR_GPU"
     r"|unsupported toolchain|UNSUPPORTED_PTX_VERSION|UnsupportedPtxVersion|device kernel image is invalid"
     r"|forward compatibility was attempted|STATUS_ARCH_MISMATCH|invalid value for --gpu-architecture",
     "https://github.com/nv-tlabs/SCube/issues/7"),
    (r"libdevice\S{0,20} (?:is required|not found)|JIT compilation failed\b"
     r"|ptxas (?:fatal|returned an error|exited with)|PTX JIT compiler library not found",
     "https://github.com/jax-ml/jax/issues/4452"),
    (r"DNN library is not found|cuDNN failed to initialize|CUDNN_STATUS_(?:NOT_INITIALIZED|VERSION_MISMATCH)"
     r"|DNN library initialization failed|Loaded runtime CuDNN library"
     r"|Could not load library libcudnn|Unable to load any of \{libcudnn",
     "https://github.com/tensorflow/text/issues/1167"),
    (r"^(?:ImportError|OSError): lib(?:cu|nv)\w{1,40}\.so[.\d]{0,20}: cannot open shared object"
     r"|lib(?:cu|nv)\w{1,40}\.so[.\d]{0,20}: undefined symbol|undefined symbol: __?(?:nv|cu)",
     _TF + "26182"),
    (r"Torch not compiled with CUDA enabled", "https://github.com/facebookresearch/detectron2/issues/460"),
)  # fmt: skip
GPU_ABSENT = (
    (r"No CUDA GPUs are available|no CUDA-capable device|CUDA_ERROR_NO_DEVICE",
     "https://github.com/Grace9994/CoMoSVC/issues/6"),
    (r"Found no NVIDIA driver on your system", "https://github.com/facebookresearch/detectron2/issues/3104"),
    (r"assigned to /?(?:job:\S{1,80})?/?device:(?i:gpu):\d+ but available devices are"
     r"|(?i:gpu):\d+ unknown device",
     "https://github.com/infocusp/tf_cnnvis/issues/14"),
    (r"CUDA device but torch\.cuda\.is_available\(\) is False",
     "https://pytorch.org/docs/stable/generated/torch.load.html"),
    (r"invalid device ordinal", "https://docs.nvidia.com/cuda/cuda-runtime-api/"),
)  # fmt: skip
