"""Messages of a script when AWS refuses a call.

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
