"""What the promise about accepted predictions rests on: thresholds, audits, and what they cost."""

import streamlit as st

from dashboard.components import cached, tables
from dashboard.components.boundary import warn_of_unreadable
from dashboard.components.texts import percent, plain
from dashboard.pages.overview import queries
from mnist import services
from mnist.registry.tags import GRAPH_SHA256
from mnist.storage.acceptance import AcceptanceEntry
from mnist.storage.object_log import Entries


@st.cache_resource(ttl=10, show_spinner=False)
def _entry(digest: str) -> tuple[AcceptanceEntry | None, Entries[AcceptanceEntry]]:
    acceptance = services.current().acceptance
    return acceptance.newest(digest), acceptance.log.entries()


def champions_entry() -> tuple[AcceptanceEntry | None, Entries[AcceptanceEntry]]:
    """Fetch the thresholds of the champion, None where nobody has audited it, and all entries."""
    return _entry(cached.champion().details.tags.get(GRAPH_SHA256, ""))


def show_acceptance() -> None:
    """Draw the thresholds of the champion, source by source, and the cost of the audits."""
    entry, entries = champions_entry()
    warn_of_unreadable(entries.unreadable, "thresholds of acceptance")
    settings = services.current().settings
    promise = percent(settings.max_accepted_error_rate, 2)
    if entry is None:
        st.info(
            f"Promised: at most {promise} wrong among accepted predictions. Nobody has audited "
            "predictions of this version yet, so only those are accepted whose confidence is at "
            f"least {settings.cautious_confidence:g}. The page Review asks for audits."
        )
    else:
        chosen = [*entry.thresholds, *entry.value_thresholds]
        for one in (one for one in chosen if one.is_broken):
            st.error(plain(f"The promise was broken and the threshold raised. {one.sentence}"))
        st.markdown(
            f"Promised: at most {promise} wrong among accepted predictions. "
            f"**{plain(' '.join(one.sentence for one in chosen if not one.source))}**"
        )
        tables.table(
            queries.thresholds(entry),
            "From which confidence on predictions are accepted, and on what that rests",
            {
                "accepted from": tables.number("accepted from", format="%.5f"),
                "bound": tables.share("wrong at most"),
            },
        )
    cost = queries.audit_cost(
        cached.batches().table, settings.audit_share, settings.max_accepted_error_rate
    )
    st.caption(
        f"{cost.images:,} images were scored in the last seven days; at a share of "
        f"{percent(settings.audit_share, 1)} that is {cost.drawn:,} audits a week. To know a share "
        f"of {promise} wrong to within half of it takes {cost.needed:,}."
    )
