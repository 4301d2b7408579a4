"""Layouts: found beside the pictures of a batch, and kept for those who cut by them later."""

import json
from threading import Lock

from cachetools import LRUCache

from mnist.errors import (
    AccessDenied,
    IntegrityError,
    InvalidLayout,
    ObjectChanged,
    ObjectGone,
    Unavailable,
)
from mnist.images import Limits
from mnist.keys import TEMPLATE_FILE, ObjectVersion, beside_layout, stored_layout_key
from mnist.layouts.layout import MOST_BYTES, Layout
from mnist.scoring.sheet_layouts import SheetLayout
from mnist.storage.bucket import Bucket

_REMEMBERED = 50


class StoredLayouts:
    """The folder `layouts/` of the results bucket: each layout under its digest, written once.

    Args:
        bucket: The results bucket.
        limits: Of a template.
    """

    def __init__(self, bucket: Bucket, limits: Limits) -> None:
        self._bucket = bucket
        self._limits = limits
        self._layouts: LRUCache[str, SheetLayout] = LRUCache(_REMEMBERED)
        self._lock = Lock()

    def record(self, layout: SheetLayout) -> None:
        """Keep a layout; to do so twice changes nothing."""
        key = stored_layout_key(layout.digest, "json")
        if self._bucket.exists(key):
            return
        if layout.template is not None:
            self._bucket.put(stored_layout_key(layout.digest, "template"), layout.template)
        record = {
            "layout": layout.content.decode("latin-1"),
            "template": layout.template is not None,
            "problem": layout.problem,
        }
        self._bucket.put(key, json.dumps(record).encode())

    def get(self, digest: str) -> SheetLayout:
        """Return the layout of a digest.

        Raises:
            ObjectGone: If none is kept.
            IntegrityError: If what is kept is another one.
        """
        with self._lock:
            remembered = self._layouts.get(digest)
        if remembered is not None:
            return remembered
        key = stored_layout_key(digest, "json")
        try:
            record = json.loads(self._bucket.fetch(key))
            template = None
            if record["template"]:
                template = self._bucket.fetch(stored_layout_key(digest, "template"))
            content = record["layout"].encode("latin-1")
            layout = SheetLayout.of(content, template, self._limits, record["problem"])
        except (ValueError, KeyError, TypeError) as error:
            raise IntegrityError(f"{self._bucket.name}/{key} is no layout ({error}).") from error
        if layout.digest != digest:
            raise IntegrityError(
                f"{self._bucket.name}/{key} holds the layout {layout.digest}; delete it, and put "
                "the layout into the inbox again."
            )
        with self._lock:
            self._layouts[digest] = layout
        return layout


def _parsed(content: bytes) -> Layout | None:
    try:
        return Layout.parse(content)
    except InvalidLayout:
        return None


class InboxLayouts:
    """The layouts that lie in the inbox now.

    Args:
        bucket: The inbox.
        limits: Of a template.
    """

    def __init__(self, bucket: Bucket, limits: Limits) -> None:
        self._bucket = bucket
        self._limits = limits
        self._layouts: LRUCache[tuple[ObjectVersion, ObjectVersion | None], SheetLayout]
        self._layouts = LRUCache(_REMEMBERED)
        self._lock = Lock()

    def read(self, batch: str, file: ObjectVersion) -> tuple[SheetLayout, str]:
        """Read the layout of a batch.

        Args:
            batch: Name of the batch.
            file: Its `_LAYOUT.json`.

        Returns:
            The layout, and the key of the template, which is no picture to be cut.

        Raises:
            Unavailable: If it is overwritten meanwhile; the next run reads the new one.
        """
        content, problem = self._content(file)
        layout = _parsed(content)
        named = layout and layout.template
        key = beside_layout(batch, named or TEMPLATE_FILE)
        template = None
        if layout is not None and layout.fields is not None:
            template = self._bucket.version(key)
        with self._lock:
            remembered = self._layouts.get((file, template))
        if remembered is not None:
            return remembered, key
        form = None
        if template is not None and template.size > self._limits.max_bytes:
            problem = f"The template {key!r} has {template.size:,} bytes, more than the limit."
        elif template is not None:
            form, problem = self._fetch(template)
        read = SheetLayout.of(content, form, self._limits, problem)
        with self._lock:
            self._layouts[file, template] = read
        return read, key

    def _content(self, file: ObjectVersion) -> tuple[bytes, str]:
        if file.size > MOST_BYTES:
            return b"", f"The layout has {file.size:,} bytes; at most {MOST_BYTES:,} are read."
        content, problem = self._fetch(file)
        return content or b"", problem

    def _fetch(self, file: ObjectVersion) -> tuple[bytes | None, str]:
        """Fetch a file, or say why the store refuses it."""
        try:
            return self._bucket.fetch(file.key, file.etag), ""
        except AccessDenied:
            return None, f"The store refuses to hand out {file.key!r}; let the scorer read it."
        except (ObjectGone, ObjectChanged) as error:
            raise Unavailable(f"{error} The next run reads the new layout.") from error
