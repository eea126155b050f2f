"""What all settings have in common: unknown keys are refused, values do not change, ids have one form."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, StringConstraints

ID = r"^[a-z0-9][a-z0-9_-]*$"

Id = Annotated[str, StringConstraints(pattern=ID, max_length=64)]
OneLine = Annotated[
    str, StringConstraints(min_length=1, max_length=200, pattern=r"^[^\x00-\x1f\x7f]*\S[^\x00-\x1f\x7f]*$")
]


class Settings(BaseModel):
    # an error that shows its input would show a secret
    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)
