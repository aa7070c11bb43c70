"""Messages of a script whose settings, packages or framework version don't fit.

Each sign is a pattern with the place where its words were seen; see `machine_signs`.
"""

_PIP = "https://pip.pypa.io/en/stable/topics/dependency-resolution/"

# Tools that run.sh calls print the same words about arguments; such lines are about the script itself.
OTHER_PROGRAMS = (
    r"^(?:usage: )?(?:aws|pip3?|uv|pipenv|torchrun|accelerate|deepspeed|horovodrun|wandb|kaggle|gsutil"
    r"|python[\d.]*)\b[^\n]{0,20}: error"
)
ARGUMENT_LINES = (
    (r": error: (?:(?i:unrecognized arguments?)|the following arguments are required"
     r"|argument \S{1,80}: |invalid choice: "
     r"|ambiguous option|no such option|one of the arguments|expected (?:one|at least one) argument"
     r"|(?i:validation failed|parser key))",
     "https://github.com/eg4000/SKU110K_CVPR19/issues/17"),
    (r"^Error: (?:No such option|Invalid value for|Missing (?:option|argument|parameter)"
     r"|Got unexpected extra argument|Option '?-\S{1,60} requires)",
     "https://click.palletsprojects.com/en/stable/exceptions/"),
    (r"FATAL Flags parsing error", "https://github.com/GoogleCloudPlatform/cloudml-samples/issues/496"),
    (r"(?i:\binvalid (?:argument|parameter)s?):? ['\"]?--\w"
     r"|ERROR: Could not consume arg:",
     "https://github.com/ratulKabir/Custom-Object-Detection-using-Darkflow/issues/4"),
)  # fmt: skip
ARGUMENT_ERRORS = (
    (r"UnrecognizedFlagError|IllegalFlagValueError|^argparse\.ArgumentError|^getopt\.GetoptError"
     r"|^click\.exceptions\.(?:NoSuchOption|BadParameter|BadOptionUsage|MissingParameter|UsageError)",
     "https://github.com/hsqmlzno1/HATN/issues/4"),
    (r"arguments are not used by the HfArgumentParser", "https://github.com/CircleRadon/TokenPacker/issues/23"),
    (r"OverrideParseException|ConfigCompositionException",
     "https://github.com/jayelm/gisting/issues/6"),
)  # fmt: skip
# torch 2's launcher calls the argument --local-rank, and the one before --local_rank.
LOCAL_RANK = r"(?:unrecognized arguments: |HfArgumentParser: \[')--local[-_]rank"
LOCAL_RANK_SOURCE = "https://github.com/huggingface/transformers/issues/22171"

_FRAMEWORK = r"(?:tensorflow|tf_keras|keras|torch|torchvision|jax|flax|transformers|pytorch_lightning)"
OTHER_FRAMEWORK_IMPORTS = (
    (rf"No module named '?{_FRAMEWORK}\.[\w.]+'?$", "https://github.com/brianweet/gpt-2-haiku/issues/1"),
    (rf"^AttributeError: module '{_FRAMEWORK}[\w.]*' has no attribute '\w+'\.?$",
     "https://github.com/hwwang55/RippleNet/issues/20"),
    (rf"cannot import name '\w+' from '{_FRAMEWORK}[\w.]*'", "https://github.com/keras-team/keras/issues/18987"),
)  # fmt: skip
# Before Python 3.7 the error doesn't name the module of the import; the line of code does.
OLD_IMPORT = r"^ImportError: (?:cannot import name '?\w+'?|No module named '?[\w.]+'?)$"
OLD_IMPORT_CODE = rf"^(?:from|import) {_FRAMEWORK}\.\w"
OLD_IMPORT_SOURCE = "https://github.com/k3nt0w/FCN_via_keras/issues/5"
OTHER_FRAMEWORK = (
    (r"(?:only supports V3 `\.keras`|in Keras 3\b|with the native Keras format|legacy SavedModel format)"
     r"|Argument\(s\) not recognized: \{'(?:lr|decay)'|decay is deprecated in the new Keras optimizer",
     "https://github.com/KichangKim/DeepDanbooru/issues/106"),
    (r"Invalid filepath extension for saving|must end in `\.(?:keras|weights\.h5)`",
     "https://github.com/keras-team/keras/blob/master/keras/src/saving/saving_api.py"),
    (r"Unrecognized keyword arguments(?: passed to \w{1,60})?: [\[{]'(?:batch_(?:input_)?shape|time_major"
     r"|ragged|input_length|input_dim|implementation|weights|quantization_config|renorm)\b",
     "https://github.com/keras-team/keras/issues/19898"),
    (r"'(?:Sequential|Functional|Model)' object has no attribute '(?:_make_(?:predict|train)_function"
     r"|predict_(?:classes|proba|generator)|(?:fit|evaluate)_generator)'",
     "https://github.com/keras-team/keras/issues/14214"),
    (r"is not compatible with eager execution|The Session graph is empty", "https://www.tensorflow.org/guide/migrate"),
    (r"`?weights_only`? argument in `?torch\.load", "https://pytorch.org/docs/stable/notes/serialization.html"),
)  # fmt: skip
# The framework's own files: their imports depend on the packages that its installer chose.
FRAMEWORK_FILES = rf"(?:site|dist)-packages/(?:{_FRAMEWORK}|tensorflow_core)/"

CONFLICT = (
    (r"size changed, may indicate binary incompatibility", "https://github.com/watakandai/hiro_pytorch/issues/7"),
    (r"module compiled against (?:API|ABI) version|_ARRAY_API not found"
     r"|numpy\.\w{4,5}\.multiarray failed to import|compiled using NumPy 1\.x cannot be run", "https://numpy.org/devdocs/user/troubleshooting-importerror.html"),
    (r"Descriptors (?:cannot|should) (?:not )?be created directly",
     "https://github.com/khanld/ASR-Wav2vec-Finetune/issues/6"),
    (r"module 'numpy' has no attribute '(?:bool8?|int0?|float_?|complex_?|object0?|str0?|long|unicode_?"
     r"|typeDict|Inf|NaN|NAN|PINF|NINF|infty|product|cumproduct|alltrue|sometrue|in1d|trapz|row_stack|asscalar|asfarray"
     r"|find_common_type|string_|mat)'|was removed in the NumPy 2\.0 release",
     "https://github.com/spark-hydro/QSWATMOD2-plugin/issues/8"),
    (r"(?:^|\.)(?:Contextual)?VersionConflict|is required for a normal functioning of this module, but found"
     r"|^ImportError: \S{1,80} requires \S{1,80}[<>=]",
     "https://setuptools.pypa.io/en/latest/pkg_resources.html"),
    (r"cannot import name '\w+' from '[\w.]+' \([^)\n]{0,300}(?:site|dist)-packages/",
     "https://docs.python.org/3/whatsnew/3.7.html"),
    (r"No module named '?(?:numpy|scipy|pandas|sklearn|google\.protobuf|matplotlib|torchtext)\.[\w.]+'?$",
     "https://scikit-learn.org/stable/whats_new/v0.23.html"),
    (rf"No module named '?{_FRAMEWORK}[\w.]*\.[\w.]+'?$|cannot import name '\w+' from '{_FRAMEWORK}",
     "https://github.com/iperov/DeepFaceLab/issues/848"),
    (r"undefined symbol: _ZNK?(?:\d+tensorflow|2at|3c10|5torch)", "https://github.com/CharlesShang/DCNv2/issues/19"),
)  # fmt: skip
# A package that imports a missing name from another package.
PACKAGE_IMPORT = r"cannot import name '\w+' from '[\w.]+'"
PACKAGE_FILES = r"/(?:site|dist)-packages/"
PACKAGE_SOURCE = "https://github.com/huggingface/transformers/issues/31728"
# Not a version problem: the user's own file has a package's name, or files import each other.
NOT_A_VERSION = r"is not a package|circular import|partially initialized|Did you mean"
CONFLICT_LINES = (
    (r"ERROR: ResolutionImpossible|because these package versions have conflicting dependencies", _PIP),
    (r"No solution found when resolving dependencies", "https://docs.astral.sh/uv/concepts/resolution/"),
    (r"pipenv\.exceptions\.ResolutionFailure|Could not find a version that matches",
     "https://github.com/the-full-stack/fsdl-text-recognizer-project/issues/23"),
)  # fmt: skip
# uv's reason if it finds no solution; weaker evidence if packages also contradict each other.
NO_SUCH_PACKAGE = r"was not found in the package registry|there (?:is|are) no versions? of"
LIBRARY = (
    (r"^(?:ImportError|OSError): \S{0,200}lib\S{1,80}\.so\S{0,40}: cannot open shared object file",
     "https://man7.org/linux/man-pages/man8/ld.so.8.html"),
    (r"version `?'?(?:GLIBC|GLIBCXX|CXXABI)_[\d.]+'? not found", "https://gcc.gnu.org/onlinedocs/libstdc++/manual/abi.html"),
)  # fmt: skip
# TensorFlow has no file system for S3 since 2.6: tensorflow-io brings one.
S3_FILES = r"File system scheme 's3a?' not implemented"
S3_FILES_SOURCE = "https://github.com/tensorflow/tensorflow/issues/53818"
# The system's own error, which no client of S3 raises. A path library makes one slash of two.
ADDRESS_OPENED = (
    r"\[Errno 2\] No such file or directory: '(?:[^'\n]{0,300}/)?s3a?:/"
    r"|[Uu]nable to open file: name = '(?:[^'\n]{0,300}/)?s3a?:/"
)
ADDRESS_OPENED_SOURCE = "https://github.com/m3dev/thunderbolt/issues/24"
MODULE = (
    (r"^ModuleNotFoundError|^ImportError: No module named|No module named '?[\w.]+'?$",
     "https://docs.python.org/3/library/exceptions.html#ModuleNotFoundError"),
)  # fmt: skip
# Where the script ran before, its CSVs were beside it.
NO_SUCH_CSV = r"^FileNotFoundError: [^\n]{0,300}\.csv\b"
NO_SUCH_CSV_SOURCE = "https://docs.python.org/3/library/exceptions.html#FileNotFoundError"
