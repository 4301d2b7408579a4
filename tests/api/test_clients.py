"""The clients of docs/api.md run as they are printed, wherever their interpreter is."""

import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from tests.factories import OneModel, digit_images, png
from tests.served import served
from tests.sheets import png_of, sheet

_CLIENTS = Path("docs/api.md").read_text().partition("## Clients")[2].partition("\n## ")[0]
BLOCKS = re.findall(r"```(\w+)\n(.*?)```", _CLIENTS, re.DOTALL)
PROGRAMS = {
    "python": [sys.executable, "-c"],
    "sh": ["sh", "-c"],
    "js": ["node", "-e"],
    "powershell": ["pwsh", "-NoProfile", "-Command"],
}


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with served(OneModel(tmp_path_factory.mktemp("model"))) as client:
        yield str(client.base_url)


def test_there_is_one_for_each_language():
    assert {language for language, _ in BLOCKS} == set(PROGRAMS)
    assert all(len(code.splitlines()) <= 12 for _, code in BLOCKS)


@pytest.mark.parametrize(("language", "code"), BLOCKS, ids=[language for language, _ in BLOCKS])
def test_a_client_prints_the_digit(language, code, url, tmp_path):
    program, *options = PROGRAMS[language]
    if shutil.which(program) is None or (language == "sh" and shutil.which("curl") is None):
        pytest.skip(f"{program} or curl is not installed")
    (tmp_path / "digit.png").write_bytes(png(7))
    np.save(tmp_path / "digit.npy", digit_images([7])[0])
    (tmp_path / "sheet.jpg").write_bytes(png_of(sheet([[1, 2], [3, 4]])))
    shutil.copytree("examples/form", tmp_path / "examples" / "form")
    done = subprocess.run(
        [program, *options, code.replace("http://127.0.0.1:8000", url)],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    if "layout" in code:
        assert done.stdout.count('"places":') == 2, done.stdout
        return
    assert done.stdout.startswith("7") or done.stdout.count('"prediction":7') == 2, done.stdout
