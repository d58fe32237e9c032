"""What goes wrong with S3: in a sentence that says what to do, as an error of which ``retried`` knows if it passes."""

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from ..settings import SettingError
from .passing_errors import PASSING_STATUS

if TYPE_CHECKING:
    from botocore.exceptions import ClientError

#: Codes of what passes, whatever the status is: a connection was slow, others write the same, too many do.
PASSING_CODES = {"RequestTimeout", "OperationAborted", "Throttling", "ThrottlingException", "SlowDown", "InternalError"}
KEYS = "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"
#: What to do, by code.
FIXES = {
    "NoSuchBucket": "create the bucket, or correct OBJECT_STORE_PATH, or AWS_ENDPOINT_URL if it is not Amazon's",
    "InvalidBucketName": "no bucket can be called so: correct OBJECT_STORE_PATH",
    "ExpiredToken": f"the credentials have expired: renew AWS_SESSION_TOKEN, with {KEYS}, or the role of this machine",
    "InvalidToken": f"AWS_SESSION_TOKEN does not belong to {KEYS}: set all three anew",
    "InvalidAccessKeyId": f"there is no such key: correct {KEYS}",
    "SignatureDoesNotMatch": f"the secret is not that of the key: correct {KEYS}",
    "RequestTimeTooSkewed": "the clock of this machine is wrong: set it",
    "PermanentRedirect": "the bucket is in another region: set AWS_DEFAULT_REGION",
    "AccessDenied": f"{KEYS}, or the role of this machine, may not do this: allow s3:ListBucket on the bucket, and "
    "s3:GetObject, s3:PutObject and s3:AbortMultipartUpload on what is in it",
}
#: Other codes for the same. An answer without a body has its status as code.
SAME_AS = {
    "ExpiredTokenException": "ExpiredToken",
    "TokenRefreshRequired": "ExpiredToken",
    "AuthorizationHeaderMalformed": "PermanentRedirect",
    "IllegalLocationConstraintException": "PermanentRedirect",
    "301": "PermanentRedirect",
    "AllAccessDisabled": "AccessDenied",
    "403": "AccessDenied",
    "404": "NoSuchKey",
}


@contextmanager
def errors_of_s3(place: str) -> Iterator[None]:
    """Errors of s3fs, and of the libraries below it, become such of Python.

    Their own words and causes are left out, as those can have an address with a password, or headers.

    Args:
        place: What is read or written.

    Raises:
        ConnectionError: What can pass by itself.
        FileNotFoundError: There is no such file. Its ``filename`` says which.
        PermissionError: The credentials don't suffice.
        SettingError: A setting is wrong, or missing.
        OSError: Everything else that the store refuses.
    """
    try:
        yield
    except Exception as error:
        translated = _translated(error, place)
        if translated is None:
            raise
        raise translated from None


def _translated(error: Exception, place: str) -> Exception | None:
    """The error of Python, or None if it is one already."""
    import aiohttp
    from botocore import exceptions

    of_libraries = (exceptions.ClientError, exceptions.BotoCoreError, aiohttp.ClientError)
    cause: BaseException | None = error
    while cause is not None and not isinstance(cause, of_libraries):
        cause = cause.__cause__
    if isinstance(cause, exceptions.ClientError):
        return _of_answer(cause, place)
    if cause is None and not isinstance(error, ValueError):
        return None
    name = type(cause or error).__name__
    if isinstance(cause, exceptions.SSLError | aiohttp.ClientSSLError):
        return OSError(f"{place}: no secure connection to the store ({name}): AWS_CA_BUNDLE names its certificates")
    if isinstance(
        cause,
        exceptions.ConnectionError
        | exceptions.HTTPClientError
        | exceptions.IncompleteReadError
        | exceptions.FlexibleChecksumError
        | exceptions.CredentialRetrievalError
        | exceptions.MetadataRetrievalError
        | aiohttp.ClientError,
    ):
        return ConnectionError(f"{place}: the store, or what gives credentials, can't be reached or is silent ({name})")
    if isinstance(cause, exceptions.NoCredentialsError | exceptions.PartialCredentialsError):
        return SettingError(f"{place}: there are no credentials ({name}): set {KEYS}, or give this machine a role")
    return SettingError(
        f"{place}: AWS's library does not accept a setting ({name}): look at AWS_ENDPOINT_URL, AWS_DEFAULT_REGION, "
        "AWS_PROFILE and the other variables that begin with AWS_, and at OBJECT_STORE_PATH"
    )


def _of_answer(error: "ClientError", place: str) -> Exception:
    """What the store has answered."""
    status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode")
    code = str(error.response.get("Error", {}).get("Code") or status)
    said = f"{place}: {code} is the answer to {error.operation_name}"
    if status in PASSING_STATUS or code in PASSING_CODES or code in {str(each) for each in PASSING_STATUS}:
        return ConnectionError(said)
    code = SAME_AS.get(code, code)
    if code == "NoSuchKey":
        return FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), place)
    if code not in FIXES:
        return OSError(f"{said} ({status})")
    kind = PermissionError if code == "AccessDenied" else SettingError
    return kind(f"{said}: {FIXES[code]}")
