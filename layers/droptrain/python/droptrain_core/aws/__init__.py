"""One module an AWS service; every boto3 call is here."""
