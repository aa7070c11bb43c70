"""Messages of a script when the network, a proxy or a server gives it nothing.

Each sign is a pattern with the place where its words were seen; see `machine_signs`.
"""

_PIP = "https://github.com/pypa/pip/issues/"
_HUB = "https://github.com/huggingface/huggingface_hub/issues/"
CURL = "https://curl.se/docs/sslcerts.html"
_PUBLIC_HOST = r"[\w-]{1,63}\.[\w.-]{1,200}"

# Not the network: a server that the script itself should run, with its own name or on the same machine.
# The name after s3:// and the like is that of a bucket.
NOT_THE_NETWORK = (
    r"localhost|127\.0\.0\.1|0\.0\.0\.0|host='[\w-]{1,80}'|(?<!\bs3)(?<!\bs3a)(?<!\bgs):"
    r"//[\w-]{1,80}[:/]|c10d|MASTER_ADDR"
)

NO_SSL_MODULE = (
    (r"SSL module is not available|ssl module in Python is not available", _PIP + "7757"),
)  # fmt: skip
PROXY = (
    (r"\bProxyError\b|(?:Cannot|Unable to) connect to proxy|Tunnel connection failed"
     r"|407 {1,2}Proxy Authentication Required", _PIP + "5144"),
    (r"CONNECT tunnel failed, response|Received HTTP code \d{3} from proxy after CONNECT"
     r"|Could not resolve proxy", "https://curl.se/libcurl/c/libcurl-errors.html"),
    (r"\bProxyConnectionError\b|ClientHttpProxyError|ClientProxyConnectionError",
     "https://docs.aiohttp.org/en/stable/client_reference.html"),
    (r"unsuccessful tunnel|tunnel error: |proxy auth\w{5,9}ion required", "https://docs.rs/hyper-util/"),
)  # fmt: skip
TLS = (
    (r"\[SSL: (?:CERTIFICATE_VERIFY_FAILED|\w{3,6}_ALERT_\w{1,60}|WRONG_VERSION_NUMBER|UNSUPPORTED_PROTOCOL"
     r"|TLSV1_UNRECOGNIZED_NAME|UNSAFE_LEGACY_RENEGOTIATION_DISABLED|\w{2}_(?:KEY_TOO_SMALL|MD_TOO_WEAK))",
     "https://docs.python.org/3/library/ssl.html"),
    (r"\bSSLCertVerificationError\b|hostname '[^'\n]{1,200}' doesn't match"
     r"|Could not find a suitable TLS CA certificate bundle", "https://requests.readthedocs.io/en/latest/user/advanced/"),
    (r"invalid peer certificate", "https://docs.astral.sh/uv/concepts/authentication/certificates/"),
    (r"SSL certificate problem: |server certificate verification failed"
     r"|error setting certificate (?:verify locations|file)|cannot verify [\w.-]{1,200}'s certificate",
     CURL),
)  # fmt: skip
OFFLINE = (
    (r"\bOfflineModeIsEnabled\b|offline mode is enabled", "https://huggingface.co/docs/huggingface_hub/package_reference/environment_variables"),
    (r"Network connectivity is disabled|because the network was disabled", "https://docs.astral.sh/uv/reference/environment/"),
    (r"^Ignoring indexes: |^ {0,8}command: [^\n]{0,400} --no-index\b", "https://pip.pypa.io/en/stable/cli/pip_install/"),
)  # fmt: skip
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
    (r"<urlopen error timed out>|curl: \((?:18|28|52|55|56|92)\) |RPC failed; curl \d{1,2} ",
     "https://curl.se/libcurl/c/libcurl-errors.html"),
)  # fmt: skip
# The hub gives this reason also if it isn't reached and the library then looks at its local files only.
LOCAL_FILES_ONLY = ((r"outgoing traffic has been disabled", _HUB + "1020"),)
# These tools, or what unpacks a file that they didn't fetch, print much after the reason.
CURL_DISTRUSTS = r"^curl: \(60\)"
WGET_DENIED = r"^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d ERROR 40[13]: "
WGET_NOT_FOUND = r"^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d ERROR 404: "
# A broken connection; connections between processes on one machine break with the same words.
BROKEN_OFF = (
    r"Connection reset by peer|Connection aborted|RemoteDisconnected|IncompleteRead|Read timed out"
    r"|The read operation timed out|Read timeout on endpoint URL"
    r"|SSLZeroReturnError|SSLEOFError|UNEXPECTED_EOF"
)
BROKEN_OFF_SOURCE = "https://github.com/PeterDeWeirdt/defense_predictor/issues/2"
HTTP_FILES = r"/(?:requests|urllib3|botocore|huggingface_hub|aiohttp|httpx|urllib|http)/"
HTTP_ERROR = r"(?:HTTPS?ConnectionPool\(|<urlopen error )"

# torchvision prints why each address failed, and raises an error without a reason.
REASON_PRINTED = r"^RuntimeError: Error downloading "

_URLLIB = "https://docs.python.org/3/library/urllib.error.html"
_GET_FILE = "https://www.tensorflow.org/api_docs/python/tf/keras/utils/get_file"
_TFDS = "https://github.com/tensorflow/datasets/blob/master/tensorflow_datasets/core/download/downloader.py"
_REQUESTS = "https://requests.readthedocs.io/en/latest/api/"
WGET = "https://www.gnu.org/software/wget/manual/wget.html"


def _status(statuses: str, reasons: str = "") -> tuple[tuple[str, str], ...]:
    """The words of HTTP clients about an answer with one of these status codes."""
    fetched = rf"URL fetch failure on [^\s]{{1,400}}: (?:(?:{statuses}) -- "
    return (
        (rf"\bHTTP Error (?:{statuses}): ", _URLLIB),
        (rf"\b(?:{statuses}) (?:Client|Server) Error\b", _REQUESTS),
        (fetched + (rf"|None -- (?:{reasons}))" if reasons else ")"), _GET_FILE),
        (rf"Failed to get url [^\s]{{1,400}} HTTP code: (?:{statuses})\.", _TFDS),
        (rf"HTTP status (?:client|server) error \((?:{statuses}) ", "https://docs.rs/reqwest/"),
        (rf"(?:Client|Server) error '(?:{statuses}) ", "https://www.python-httpx.org/exceptions/"),
        (rf"ClientResponseError: (?:{statuses}), ", "https://docs.aiohttp.org/en/stable/client_reference.html"),
        (rf"\bERROR (?:{statuses}): |The requested URL returned error: (?:{statuses})\b", WGET),
        (rf"HTTP error (?:{statuses}) while getting ", _PIP + "6527"),
    )  # fmt: skip


RATE_LIMIT = ((r"HTTP Error 403: rate limit exceeded", "https://github.com/pytorch/pytorch/pull/61761"),)
DENIED = (
    *_status("40[137]", "Forbidden|Unauthorized"),
    (r"\bGatedRepoError\b|Cannot access gated repo", "https://huggingface.co/docs/hub/models-gated"),
    (r"\bApiException: \(40[13]\)|^40[13] - (?:Forbidden|Unauthorized)", "https://github.com/Kaggle/kaggle-cli"),
    (r"api_key not configured", "https://docs.wandb.ai/ref/python/login"),
    (r"FileURLRetrievalError|Cannot retrieve the public link of the file|^but Gdown can't", "https://github.com/wkentaro/gdown"),
    (r"due to a lack of valid authentication credentials|\) returned a 40[13] \w{1,20} error", "https://docs.astral.sh/uv/concepts/indexes/"),
    (r"could not read Username for '|Authentication failed for 'https?:|Permission denied \(publickey",
     "https://git-scm.com/docs/gitcredentials"),
)  # fmt: skip
NOT_FOUND = (
    *_status("404|410", "Not Found"),
    (r"is not a valid model identifier listed on|doesn't exist on the Hub", "https://huggingface.co/docs/transformers/main_classes/model"),
)  # fmt: skip
UNAVAILABLE = (
    *_status(r"429|5\d\d"),
    (r"too many (?:429|5\d\d) error responses", "https://urllib3.readthedocs.io/en/stable/reference/urllib3.exceptions.html"),
    (r"An error occurred \((?:429|5\d\d|SlowDown|InternalError|ServiceUnavailable|RequestLimitExceeded"
     r"|Throttling\w{0,20}|TooManyRequests\w{0,20}|ProvisionedThroughputExceeded\w{0,20})\)"
     r"[^\n]{0,200} when calling the ",
     "https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html"),
)  # fmt: skip
