"""Files in a bucket on Amazon S3, or on what speaks its protocol. Its libraries are imported where a run uses them."""

import os
import weakref
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from functools import cache
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

from ..settings import SettingError, own_location, work_folder
from .arrow_tables import in_one_dataset
from .object_store import ObjectStoreResource, Parsed
from .s3_errors import errors_of_s3
from .unfinished import unfinished_folder

if TYPE_CHECKING:
    import pyarrow.dataset as pads
    from aiobotocore.session import AioSession
    from s3fs import S3FileSystem
    from upath import UPath

#: How many files are uploaded or read at the same time: waiting is most of the work.
AT_ONCE = 16
#: What has less than two parts is one request. What is larger goes up in parts, and is there when all of them are.
PART_SIZE = 16 * 2**20
PARTS_AT_ONCE = 2

#: Seconds for a connection, and for each answer.
CONNECT_TIMEOUT = 10
READ_TIMEOUT = 60
#: How often a request is made, and how long is waited in between, where AWS's own variables don't say it.
RETRIES = {"AWS_MAX_ATTEMPTS": ("total_max_attempts", 3), "AWS_RETRY_MODE": ("mode", "standard")}


class S3ObjectStore(ObjectStoreResource):
    """Reads and writes files under a prefix of a bucket: ``s3://bucket/prefix``.

    Credentials, region and address are nowhere here: AWS's library finds them by its own rules, in variables that begin
    with ``AWS_``, in its files, or by the role of the machine.
    """

    def base(self) -> "UPath":
        """The prefix."""
        from upath import UPath

        scheme, _, place = self.base_path.partition("://")
        bucket, _, prefix = place.rstrip("/").partition("/")
        if scheme != "s3" or "@" in bucket or {"", ".", ".."} & {bucket, *prefix.split("/")}:
            # Not quoted: there may be a password in it.
            raise SettingError(
                "OBJECT_STORE_PATH must be a bucket and a prefix in it, such as s3://bucket/sales. Credentials, region "
                "and address have variables of their own: AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, "
                "AWS_DEFAULT_REGION, AWS_ENDPOINT_URL"
            )
        return UPath(own_location(f"s3://{bucket}/{prefix}"), **_options())

    def publish(self, files: Mapping["UPath", Callable[[Path], object]]) -> None:
        """Write files on this machine, all of them, and upload each in one piece.

        A file that is opened on S3 would be there with half of its content when writing it fails.
        """
        written: dict[UPath, Path] = {}
        work_folder().mkdir(parents=True, exist_ok=True)
        with unfinished_folder(work_folder()) as folder:
            try:
                for path, write in files.items():
                    written[path] = folder / str(len(written))
                    write(written[path])
            except OSError as error:
                error.add_note("Files are written in WORK_FOLDER, and then uploaded.")
                raise

            def upload(client: "S3FileSystem", path: "UPath") -> None:
                client.put_file(str(written[path]), path.path, chunksize=PART_SIZE, max_concurrency=PARTS_AT_ONCE)

            _at_once(upload, files)

    def read(self, paths: Sequence["UPath"], parse: Callable[[BinaryIO], Parsed]) -> list[Parsed]:
        """What ``parse`` makes of each file. It is fetched by one request: of two, each could see another version."""

        def parsed(client: "S3FileSystem", path: "UPath") -> Parsed:
            content: Any = client.cat_file(path.path, max_concurrency=1)
            return parse(BytesIO(content))

        return _at_once(parsed, paths)

    def dataset(self, paths: Sequence["UPath"]) -> "pads.Dataset":
        """The rows of Parquet files, of which there is a copy in ``WORK_FOLDER`` for as long as the dataset is used."""
        work_folder().mkdir(parents=True, exist_ok=True)
        with ExitStack() as until_here:
            folder = until_here.enter_context(unfinished_folder(work_folder()))
            copies = {path: folder / str(number) for number, path in enumerate(paths)}

            def fetch(client: "S3FileSystem", path: "UPath") -> None:
                content: Any = client.cat_file(path.path, max_concurrency=1)
                copies[path].write_bytes(content)

            _at_once(fetch, paths)
            dataset = in_one_dataset(list(copies.values()))
            weakref.finalize(dataset, until_here.pop_all().close)
        return dataset

    def names_in(self, folder: "UPath") -> set[str]:
        """The names of what is in a folder. They are asked for each time, as others write there too."""
        with errors_of_s3(str(folder)), _client() as client:
            try:
                found = client.ls(folder.path, detail=False, refresh=True)
            except FileNotFoundError as error:
                if error.__cause__ is not None:  # the bucket is missing
                    raise
                return set()
        return {name.rsplit("/", 1)[-1] for name in found}


def _at_once(work: Callable[["S3FileSystem", "UPath"], Parsed], paths: Iterable["UPath"]) -> list[Parsed]:
    """The results, in order. What has not begun when one fails does not begin."""

    def named(path: "UPath") -> Parsed:
        with errors_of_s3(str(path)):
            return work(client, path)

    with _client() as client, ThreadPoolExecutor(AT_ONCE) as threads:
        return list(threads.map(named, paths))


@contextmanager
def _client() -> Iterator["S3FileSystem"]:
    """A client for one operation.

    A process that is forked later would share its connections, and close them without this process noticing it.
    """
    from s3fs import S3FileSystem

    client = S3FileSystem(skip_instance_cache=True, session=_session(os.getpid()), **_options())
    client.retries = 1  # it would repeat what AWS's library has repeated already
    try:
        yield client
    finally:
        if (connections := getattr(client, "_s3creator", None)) is not None:
            client.close_session(client.loop, connections)


@cache
def _session(of_process: int) -> "AioSession":
    """What a process knows of AWS: credentials, which it renews, and descriptions of services."""
    from aiobotocore.session import AioSession

    return AioSession()


def _options() -> dict[str, Any]:
    retries = {name: value for variable, (name, value) in RETRIES.items() if not os.environ.get(variable)}
    config = {
        "connect_timeout": CONNECT_TIMEOUT,
        "read_timeout": READ_TIMEOUT,
        "max_pool_connections": AT_ONCE * PARTS_AT_ONCE,
        "retries": retries,
    }
    return {"use_listings_cache": False, "config_kwargs": config}
