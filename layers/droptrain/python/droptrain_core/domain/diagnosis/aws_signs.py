"""Messages of a script when AWS refuses a call, or when the network doesn't reach a host.

Each sign is a pattern with the place where its words were seen; see `machine_signs`.
"""

_S3_CALL = r"(?:\w{0,30}(?:Object|Bucket|Multipart|UploadPart)\w{0,40}|UploadPart)"
_REFUSED = (
    r"(?:AccessDenied\w{0,20}|403|Forbidden|InvalidAccessKeyId|SignatureDoesNotMatch|ExpiredToken\w{0,20}"
    r"|AllAccessDisabled|UnrecognizedClientException|InvalidClientTokenId|InvalidSignatureException"
    r"|UnauthorizedOperation|NotAuthorized\w{0,20}|Authorization\w{0,20}|KMS\w{0,10}AccessDenied\w{0,20})"
)
_CALLING = r"\)[^\n]{0,200} when calling the "
S3_NO_RIGHT = (
    (rf"An error occurred \({_REFUSED}{_CALLING}{_S3_CALL} operation", "https://github.com/aws/aws-cli/issues/1689"),
    (r"is not authorized to perform: s3:", "https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html"),
    (r"NoCredentialsError|Unable to locate credentials",
     "https://boto3.amazonaws.com/v1/documentation/api/latest/guide/credentials.html"),
    (r"PermissionDeniedError[^\n]{0,200}(?:s3|S3|Access Denied|403)"
     r"|^PermissionError: (?:Forbidden|Access Denied)",
     "https://s3fs.readthedocs.io/en/latest/"),
)  # fmt: skip
NO_RIGHT = (
    (rf"An error occurred \({_REFUSED}{_CALLING}\w{{1,80}} operation",
     "https://github.com/nitinaws/gt-custom-workflow/issues/2"),
    (r"is not authorized to perform: [\w-]{1,40}:\w", "https://github.com/anomalyco/sst/issues/1502"),
)  # fmt: skip
S3_NOTHING = (
    (r"An error occurred \((?:NoSuchKey|NoSuchBucket|404)\) when calling", "https://github.com/aws/aws-cli/issues/6660"),
    (r"(?:NotFoundError|FileNotFoundError)[^\n]{0,200}s3a?://|The specified (?:key|bucket) does not exist",
     "https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html"),
)  # fmt: skip
_PUBLIC_HOST = r"[\w-]{1,63}\.[\w.-]{1,200}"
UNREACHABLE = (
    (r"Temporary failure in name resolution|Name or service not known|NameResolutionError"
     r"|failed to lookup address|Could not resolve host|unable to resolve host address|Could not resolve '",
     "https://github.com/timesler/facenet-pytorch/issues/202"),
    (r"Network is unreachable|No route to host"
     r"|Failed to establish a new connection: \[Errno (?:-\d|101|110|113)\]"
     r"|ConnectTimeoutError|Connect timeout on endpoint URL|\[Errno 110\] Connection timed out",
     "https://github.com/pytorch/pytorch/issues/14701"),
    (r"\bdns error\b|client error \(Connect\)|Could not connect, are you offline\?"
     r"|tcp connect error: [^\n]{0,80}\(os error (?:101|110|111|113)\)",
     "https://github.com/rakesh-eltropy/mcp-client/issues/1"),
    (r"Failed to download distribution due to network timeout"
     r"|request or response body error: operation timed out",
     "https://github.com/opendatahub-io/notebooks/issues/1864"),
    (r"Temporary failure resolving '", "https://github.com/ddavness/power-mailinabox/issues/138"),
    (r"No address associated with hostname", "https://github.com/apache/libcloud/pull/711"),
    (rf"Failed to connect to {_PUBLIC_HOST} port \d{{1,5}}(?![^\n]{{0,80}}refused)",
     "https://github.com/gh0stzk/dotfiles/issues/33"),
    (rf"Cannot connect to host {_PUBLIC_HOST}:\d{{1,5}} ssl:(?![^\n]{{0,80}}(?:refused|SSL|ertificate))",
     "https://github.com/talkpython/async-techniques-python-course/issues/20"),
    (r"CondaHTTPError: HTTP 000 CONNECTION FAILED", "https://github.com/ucbrise/clipper/issues/367"),
    (r"Could not connect to the endpoint URL: \"https://",
     "https://boto3.amazonaws.com/v1/documentation/api/latest/guide/error-handling.html"),
    (r"We couldn't connect to 'https://"
     r"|check your connection and try again or make sure your Internet connection",
     "https://github.com/huggingface/transformers/blob/main/src/transformers/utils/hub.py"),
)  # fmt: skip
# A broken connection; connections between processes on one machine break with the same words.
BROKEN_OFF = (
    r"Connection reset by peer|Connection aborted|RemoteDisconnected|IncompleteRead|Read timed out"
    r"|The read operation timed out|Read timeout on endpoint URL"
    r"|SSLZeroReturnError|SSLEOFError|UNEXPECTED_EOF"
)
BROKEN_OFF_SOURCE = "https://github.com/PeterDeWeirdt/defense_predictor/issues/2"
HTTP_FILES = r"/(?:requests|urllib3|botocore|huggingface_hub|aiohttp|httpx|urllib|http)/"
HTTP_ERROR = r"HTTPS?ConnectionPool\("
# Not the network: a server that the script itself should run, with its own name or on the same machine.
NOT_THE_NETWORK = r"localhost|127\.0\.0\.1|0\.0\.0\.0|host='[\w-]{1,80}'|//[\w-]{1,80}[:/]|c10d|MASTER_ADDR"
