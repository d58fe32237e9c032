"""Files in a folder: of this machine, or one that it has mounted."""

import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from ..settings import SettingError, absolute, own_location
from .arrow_tables import in_one_dataset
from .object_store import ObjectStoreResource, Parsed
from .unfinished import unfinished_folder

if TYPE_CHECKING:
    import pyarrow.dataset as pads
    from upath import UPath


class LocalObjectStore(ObjectStoreResource):
    """Reads and writes files under a folder: from the project's if the path is relative."""

    def base(self) -> "UPath":
        """The folder."""
        from upath import UPath

        if not self.base_path:
            raise SettingError("OBJECT_STORE_PATH is empty: set it to the folder for stored assets and exports")
        if "://" in self.base_path:
            raise SettingError(
                "OBJECT_STORE_PATH must be a folder, not an address. A bucket is another answer to the question "
                "object_store: uv run template-update --data object_store=s3"
            )
        return UPath(own_location(str(absolute(self.base_path, "OBJECT_STORE_PATH"))))

    def publish(self, files: Mapping["UPath", Callable[[Path], object]]) -> None:
        """Write files beside their paths, all of them, and rename each."""
        unfinished: dict[UPath, Path] = {}
        try:
            for parent in {path.parent for path in files}:
                parent.mkdir(parents=True, exist_ok=True)
            with unfinished_folder(Path(str(next(iter(files)).parent))) as folder:
                for path, write in files.items():
                    unfinished[path] = folder / str(len(unfinished))
                    write(unfinished[path])
                for path, written in unfinished.items():
                    os.replace(str(written), str(path))
        except OSError as error:
            error.add_note("Files go to OBJECT_STORE_PATH in production, and to DATA_FOLDER in development.")
            raise

    def read(self, paths: Sequence["UPath"], parse: Callable[[BinaryIO], Parsed]) -> list[Parsed]:
        """What ``parse`` makes of each file."""
        parsed = []
        for path in paths:
            with open(str(path), "rb") as file:
                parsed.append(parse(file))
        return parsed

    def dataset(self, paths: Sequence["UPath"]) -> "pads.Dataset":
        """The rows of Parquet files, where they are."""
        for path in paths:
            os.stat(str(path))
        return in_one_dataset([Path(str(path)) for path in paths])

    def names_in(self, folder: "UPath") -> set[str]:
        """The names of what is in a folder."""
        return {path.name for path in folder.iterdir()} if folder.exists() else set()
