"""What libraries say when they fail: patterns on "Type: message", each with where the words are from.

Patterns are strings: `re` compiles one when it is first needed and remembers it.
"""

_TF = "https://github.com/tensorflow/tensorflow/issues/"
_TORCH = "https://github.com/pytorch/pytorch/issues/"
_PANDAS = "https://github.com/pandas-dev/pandas/issues/"

SHARED_MEMORY = (
    (r"is killed by signal: Bus error|insufficient shared memory|out of shared memory", _TORCH + "5040"),
    (r"No space left on device: '?/dev/shm"
     r"|unable to (?:open|write|mmap|resize)[^\n]*(?:shared memory|/torch_)",
     "https://pytorch.org/docs/stable/multiprocessing.html"),
)  # fmt: skip
DISK = (
    (
        r"No space left on device|\[Errno 28\]|StorageFull",
        "https://github.com/databrickslabs/dolly/issues/139",
    ),
    (r"Disk quota exceeded|\[Errno 122\]", "https://github.com/open-mmlab/mmdetection/issues/12069"),
)
MEMORY = (
    (r"^(?:\w+\.)*_?(?:Array)?MemoryError\b", "https://github.com/MIC-DKFZ/nnUNet/issues/2213"),
    (r"OOM when allocating tensor[^\n]*(?:device:CPU|allocator (?:mklcpu|cpu))", _TF + "17669"),
    (r"DefaultCPUAllocator: (?:can't allocate|not enough) memory|\[Errno 12\] Cannot allocate memory",
     "https://github.com/Esri/arcgis-python-api/issues/743"),
    (r"DataLoader worker \(pid[^)]*\) is killed by signal: Killed|std::bad_alloc",
     "https://github.com/open-mmlab/mmrotate/issues/501"),
    (r"died with <Signals\.SIGKILL: 9>|Signal 9 \(SIGKILL\)|exitcode\W{1,3}-9\b",
     "https://docs.python.org/3/library/subprocess.html"),
    (r"Unable to allocate [\d.]+ (?:[KMGT]i)?B for an array", "https://github.com/MIC-DKFZ/nnUNet/issues/2213"),
)  # fmt: skip
GPU_MEMORY = (
    (r"OOM when allocating tensor", _TF + "4735"),
    (r"CUDA out of memory|CUDA error: out of memory", _TORCH + "16417"),
    (r"CUDA_ERROR_OUT_OF_MEMORY|failed to allocate memory on (?:the )?(?:device|GPU)", _TF + "4735"),
    (r"(?:RESOURCE_EXHAUSTED|Resource exhausted|ResourceExhaustedError)\W[^\n]*"
     r"(?:[Oo]ut of memory|failed to allocate)",
     "https://github.com/google-deepmind/alphafold/issues/1023"),
    (r"Out of memory while trying to allocate \d+", "https://github.com/google-deepmind/alphafold/issues/1023"),
    (r"CUBLAS_STATUS_ALLOC_FAILED|CUDNN_STATUS_ALLOC_FAILED", "https://docs.nvidia.com/cuda/cublas/"),
    (r"Dst tensor is not initialized", _TF + "7025"),
)  # fmt: skip
CUDA_WRONG = (
    (r"CUDA driver version is insufficient|cudaErrorInsufficientDriver|CUDA_ERROR_SYSTEM_DRIVER_MISMATCH",
     _TF + "31319"),
    (r"NVIDIA driver on your system is too old|Driver/library version mismatch",
     "https://docs.nvidia.com/deploy/cuda-compatibility/"),
    (r"no kernel image is available for execution|CUDA_ERROR_NO_BINARY_FOR_GPU|unsupported toolchain"
     r"|forward compatibility was attempted", "https://docs.nvidia.com/deploy/cuda-compatibility/"),
    (r"DNN library is not found|cuDNN failed to initialize|CUDNN_STATUS_(?:NOT_INITIALIZED|VERSION_MISMATCH)"
     r"|DNN library initialization failed|Loaded runtime CuDNN library", "https://github.com/tensorflow/text/issues/1167"),
    (r"^(?:ImportError|OSError): lib(?:cu|nv)\w+\.so[.\d]*: cannot open shared object"
     r"|lib(?:cu|nv)\w+\.so[.\d]*: undefined symbol|undefined symbol: __?(?:nv|cu)",
     _TF + "26182"),
    (r"Torch not compiled with CUDA enabled", "https://github.com/facebookresearch/detectron2/issues/460"),
)  # fmt: skip
GPU_ABSENT = (
    (r"No CUDA GPUs are available|no CUDA-capable device|CUDA_ERROR_NO_DEVICE",
     "https://github.com/Grace9994/CoMoSVC/issues/6"),
    (r"Found no NVIDIA driver on your system", "https://github.com/facebookresearch/detectron2/issues/3104"),
    (r"assigned to /?(?:job:\S+)?/?device:(?i:gpu):\d+ but available devices are|(?i:gpu):\d+ unknown device",
     "https://github.com/infocusp/tf_cnnvis/issues/14"),
    (r"CUDA device but torch\.cuda\.is_available\(\) is False",
     "https://pytorch.org/docs/stable/generated/torch.load.html"),
    (r"invalid device ordinal", "https://docs.nvidia.com/cuda/cuda-runtime-api/"),
)  # fmt: skip
S3_NO_RIGHT = (
    (r"An error occurred \((?:AccessDenied|403|InvalidAccessKeyId|SignatureDoesNotMatch|ExpiredToken"
     r"|AllAccessDisabled)\) when calling", "https://github.com/aws/aws-cli/issues/1689"),
    (r"NoCredentialsError|Unable to locate credentials",
     "https://boto3.amazonaws.com/v1/documentation/api/latest/guide/credentials.html"),
    (r"PermissionDeniedError[^\n]*(?:s3|S3|Access Denied|403)|^PermissionError: (?:Forbidden|Access Denied)",
     "https://s3fs.readthedocs.io/en/latest/"),
)  # fmt: skip
S3_NOTHING = (
    (r"An error occurred \((?:NoSuchKey|NoSuchBucket|404)\) when calling", "https://github.com/aws/aws-cli/issues/6660"),
    (r"(?:NotFoundError|FileNotFoundError)[^\n]*s3a?://|The specified (?:key|bucket) does not exist",
     "https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html"),
)  # fmt: skip
NAN = (
    (r"NanLossDuringTrainingError|NaN loss during training", "https://github.com/alibaba/EasyRec/issues/24"),
    (r"(?i)nan in summary histogram|Tensor had (?:-?Inf|NaN)|contains? (?:NaN|inf) values?|had NaN values",
     _TF + "4592"),
    (r"(?i)\bloss\b[^\n]{0,30}\b(?:is|was|became|=|:)? ?\b(?:nan|not finite|inf)\b|non-finite loss",
     "https://github.com/prs-eth/Marigold/issues/111"),
    (r"returned nan values in its \d+th output",
     "https://pytorch.org/docs/stable/autograd.html#anomaly-detection"),
    (r"Input (?:X |y )?contains NaN", "https://scikit-learn.org/stable/modules/impute.html"),
)  # fmt: skip
COLUMNS = (
    (r"Usecols do not match|Number of passed names|Too many columns specified"
     r"|Length mismatch: Expected axis has",
     _PANDAS + "17301"),
    (r"^KeyError:[^\n]*(?:not (?:found )?in (?:axis|index)|are in the \[?(?:columns|index))",
     "https://github.com/RoversX/umami-csv-import-script/issues/2"),
    (r"Expect \d+ fields but have \d+ in record|Field \d+ (?:in record \d+ )?is (?:not a valid|required)",
     "https://github.com/alibaba/EasyTransfer/issues/27"),
    (r"Error tokenizing data|Quoted field has to end with quote",
     "https://github.com/WolfNiu/polite-dialogue-generation/issues/1"),
    (r"`label_name` provided must be one of the columns|is not in features dictionary"
     r"|Missing data for input|not in the (?:data|features) dictionary",
     "https://www.tensorflow.org/api_docs/python/tf/data/experimental/make_csv_dataset"),
    (r"feature names should match those that were passed|X has \d+ features, but|Missing column provided to",
     "https://scikit-learn.org/stable/glossary.html#term-n_features_in_"),
    (r"^AttributeError: 'DataFrame' object has no attribute", "https://pandas.pydata.org/docs/user_guide/indexing.html"),
)  # fmt: skip
LIBRARY = (
    (r"^(?:ImportError|OSError): \S*lib\S+\.so\S*: cannot open shared object file",
     "https://man7.org/linux/man-pages/man8/ld.so.8.html"),
)  # fmt: skip
MODULE = (
    (r"^ModuleNotFoundError|^ImportError: No module named|No module named '?[\w.]+'?$",
     "https://docs.python.org/3/library/exceptions.html#ModuleNotFoundError"),
)  # fmt: skip
