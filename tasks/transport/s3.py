"""S3: one filesystem for each process and thread, calls that are tried again while the service throttles, and one object as a stream."""

import errno
import logging
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, TypeVar, cast

from winnow.tasks.engine.errors import BadInput, Transient
from winnow.tasks.transport.politeness import POLITE, NotFound, Options, Retries, Transport, Unreachable
from winnow.tasks.transport.seekable import SeekableStream

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

S3_BLOCK_BYTES = 16 << 20
NO_ACCESS = frozenset({"AccessDenied", "InvalidAccessKeyId", "SignatureDoesNotMatch", "AllAccessDisabled", "ExpiredToken", "InvalidToken"})
BARE_403 = frozenset({"403", "Forbidden"})
"""Codes of a refusal that says no reason."""

T = TypeVar("T")


def s3_filesystem(options: Options, timeout_s: float = POLITE.politeness.timeout_s) -> Any:
    """The s3fs filesystem of this process and thread: fsspec keeps one for each, as they must not be shared after a fork.

    ``options`` are s3fs's own (anon, endpoint_url, profile, ...); credentials come from the environment unless given.
    Retries are ours, so those of botocore and s3fs are off.
    """
    import s3fs

    for noisy in ("botocore", "aiobotocore", "s3fs"):
        logging.getLogger(noisy).setLevel(logging.INFO)  # at DEBUG they write down key ids and signatures

    given = dict(options)
    config = {"retries": {"mode": "standard", "total_max_attempts": 1}, "connect_timeout": timeout_s, "read_timeout": timeout_s} | dict(
        given.pop("config_kwargs", {})
    )
    fs = s3fs.S3FileSystem(**given, config_kwargs=config, use_listings_cache=False)
    fs.retries = 1
    return fs


def has_s3_credentials() -> bool:
    """True if botocore finds credentials in the environment, a profile or the machine's role."""
    import botocore.exceptions
    import botocore.session

    try:
        return botocore.session.Session().get_credentials() is not None
    except botocore.exceptions.BotoCoreError:
        return False


def s3_find(uri: str, options: Options, transport: Transport = POLITE) -> dict[str, str]:
    """Objects below ``uri``: path relative to it -> fingerprint (size and ETag). Empty if there are none. Raises as open_stream."""
    uri = uri.rstrip("/")
    prefix = uri.split("://", 1)[1] + "/"

    def find() -> Mapping[str, Mapping[str, Any]]:
        return cast(Mapping[str, Mapping[str, Any]], s3_filesystem(options).find(uri + "/", detail=True))

    found = patiently(uri, find, transport)
    return {name.removeprefix(prefix): s3_fingerprint(info) for name, info in found.items() if name.startswith(prefix)}


def s3_folders(uri: str, options: Options, transport: Transport = POLITE) -> list[str]:
    """Names of the folders directly below ``uri``. Raises as open_stream; NotFound if there is nothing."""
    found = patiently(uri, lambda: s3_filesystem(options).ls(uri.rstrip("/") + "/", detail=True), transport)
    return sorted(i["name"].rstrip("/").rsplit("/", 1)[1] for i in found if i["type"] == "directory")


def s3_info(uri: str, options: Options, transport: Transport = POLITE) -> tuple[bool, str]:
    """Whether ``uri`` is one object (else a folder), and its fingerprint. Raises as open_stream."""
    info = patiently(uri, lambda: s3_filesystem(options).info(uri.rstrip("/")), transport)
    return info["type"] == "file", s3_fingerprint(info)


def s3_fingerprint(info: Mapping[str, Any]) -> str:
    return f"{info.get('size') or 0}-{str(info.get('ETag', '')).strip(chr(34))}"


def patiently(
    uri: str, call: Callable[[], T], transport: Transport = POLITE, verb: str = "read", renew: Callable[[], None] | None = None
) -> T:
    """The result of one S3 call, tried again while it is throttled or broken. Raises as open_stream; no message holds a key.

    ``verb`` says what the call does, "read" or "written". ``renew`` is given where the same place was read and written before: a refusal then is a
    matter of time (a token that expired, a policy that is being changed), so it is waited out with credentials that ``renew`` gets anew. A bare 403, which says
    no reason, is tried again only in a bucket where the same was done before; at first touch it ends the call.
    """
    import aiohttp
    import botocore.exceptions as boto
    from s3fs.utils import FileExpired

    retries, politeness = Retries(uri, transport), transport.politeness
    while True:
        try:
            result = call()
            _WORKED.setdefault(_bucket(uri), set()).add(verb)
            return result
        except FileExpired:
            raise Transient(
                f"{uri} was changed while it was being read. It must be read anew from its start: run the same command again."
            ) from None
        except FileNotFoundError as e:
            what = "bucket" if _s3_code(e) == "NoSuchBucket" else "object or folder"
            raise NotFound(f"There is no {what} {uri}. Check the name and the endpoint (AWS_ENDPOINT_URL).") from None
        except PermissionError as e:
            _refused(uri, e, verb, retries, politeness.page_attempts, renew)
        except (boto.NoCredentialsError, boto.PartialCredentialsError, boto.ProfileNotFound, boto.TokenRetrievalError) as e:
            raise BadInput(
                f"{uri}: no usable credentials ({type(e).__name__}). Set AWS_PROFILE or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, "
                "or read anonymously if the bucket is public."
            ) from None
        except (boto.EndpointConnectionError, boto.ConnectTimeoutError, boto.ProxyConnectionError) as e:
            retries.failed(f"cannot be reached ({type(e).__name__})", attempts=politeness.unreachable_attempts, error=Unreachable)
        except (
            boto.HTTPClientError,
            boto.ResponseStreamingError,
            boto.FlexibleChecksumError,
            aiohttp.ClientError,
            TimeoutError,
            ConnectionError,
        ) as e:
            retries.failed(f"the connection broke ({type(e).__name__})")
        except OSError as e:
            if _s3_code(e) in BARE_403:
                _refused(uri, e, verb, retries, politeness.page_attempts, renew)
                continue
            if renew and _s3_code(e) == "400":  # of an expired token too, where the request is a HEAD, whose answer has no body to say so
                retries.failed("refused (400), though it was read and written before")
                renew()
                continue
            if e.errno == errno.EREMCHG:
                raise BadInput(f"{uri} lies in another region or at another endpoint. Set AWS_REGION or AWS_ENDPOINT_URL.") from None
            if e.errno not in (errno.EBUSY, errno.EREMOTEIO, errno.EIO):
                raise BadInput(f"{uri} cannot be {verb} ({_s3_code(e)}). Check the name, the endpoint and the credentials.") from None
            retries.failed(f"throttled or failing ({_s3_code(e)})")
        except (boto.BotoCoreError, ValueError) as e:
            raise BadInput(f"{uri} cannot be {verb} ({type(e).__name__}). Check the name, the endpoint and the options.") from None


def _refused(uri: str, error: OSError, verb: str, retries: Retries, attempts: int, renew: Callable[[], None] | None) -> None:
    """Wait before the next attempt, where there is reason for one. Raises BadInput where there is none, Transient after the last."""
    code = _s3_code(error)
    if renew:
        retries.failed(f"refused ({code}), though it was read and written before")
        renew()
        return
    if verb in _WORKED.get(_bucket(uri), ()) and code not in NO_ACCESS and retries.failures + 1 < attempts:
        retries.failed(f"refused ({code})")
        return
    raise BadInput(
        f"{uri} may not be {verb} ({code}): the credentials are missing, wrong or do not cover it, or there is no such "
        "object. Set AWS_PROFILE or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY; s3://commoncrawl/ wants credentials, "
        "its files are also at https://data.commoncrawl.org/."
    ) from None


_WORKED: dict[str, set[str]] = {}
"""Bucket -> what this process, or the one that started it, has done there without being refused: read, written."""


def worked() -> dict[str, set[str]]:
    """What has been done in which bucket so far, for a process that is started."""
    return {bucket: set(verbs) for bucket, verbs in _WORKED.items()}


def has_worked(before: Mapping[str, set[str]]) -> None:
    """Take over what the process that started this one has done."""
    for bucket, verbs in before.items():
        _WORKED.setdefault(bucket, set()).update(verbs)


def _bucket(uri: str) -> str:
    return uri.split("://", 1)[-1].split("/", 1)[0]


def _s3_code(error: OSError) -> str:
    response = getattr(error.__cause__, "response", None) or {}
    return str(response.get("Error", {}).get("Code") or error.strerror or type(error).__name__)


class S3Stream(SeekableStream):
    """One object in blocks, each a ranged request that insists on the ETag of the first. Can seek. Without ``ahead`` each read is a request for just its bytes.
    Raises as open_stream."""

    def __init__(self, uri: str, options: Options = (), transport: Transport = POLITE, *, ahead: bool = True) -> None:
        self._uri, self._options, self._transport, self._ahead = uri, options, transport, ahead
        self._file = patiently(uri, self._open, transport)

    def _open(self) -> Any:
        return s3_filesystem(self._options, self._transport.politeness.timeout_s).open(
            self._uri, "rb", block_size=S3_BLOCK_BYTES, cache_type="readahead" if self._ahead else "none"
        )

    def readinto(self, buffer: "WriteableBuffer", /) -> int:
        out = memoryview(buffer).cast("B")
        expected = max(0, min(len(out), self._file.size - self.tell()))
        data = patiently(self._uri, lambda: self._read(expected), self._transport) if expected else b""
        out[: len(data)] = data
        return len(data)

    def _read(self, n: int) -> bytes:
        position = self.tell()
        data = bytes(self._file.read(n))
        if len(data) != n:
            self._file.seek(position)
            self._file.cache = type(self._file.cache)(self._file.blocksize, self._file._fetch_range, self._file.size)
            raise ConnectionError("short body")
        return data

    def close(self) -> None:
        if self._file is not None:
            self._file.close()
        super().close()
