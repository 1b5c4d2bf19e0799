"""The procedures of the contract and the catalogue of their rules."""

from __future__ import annotations

from analyzer.judging import Procedure, Rule, Run, Story
from analyzer.procedures import (
    dg_grant_rules,
    dg_retry_rules,
    dg_rules,
    ex_renewal_rules,
    ex_rules,
    ex_storm_rules,
    ms_answer_rules,
    ms_key_rules,
    ms_renewal_rules,
    ms_rules,
    mt_rules,
    mt_use_rules,
    rg_back_off_rules,
    rg_msk_rules,
    rg_rules,
    sb_key_rules,
    sb_post_rules,
    sb_rules,
    si_post_rules,
    si_registration_rules,
    si_rules,
    sr_download_rules,
    sr_rules,
    sr_switch_rules,
    ub_grant_rules,
    ub_rules,
    ub_run_rules,
    zn_answer_rules,
    zn_rules,
)
from analyzer.procedures.bootstrapping import BOOTSTRAPPING
from analyzer.procedures.delivery import MSK_DELIVERY, MTK_DELIVERY, SOLICITED_PULL
from analyzer.procedures.invites import (
    HTTP_INITIATION,
    KS_NAF_REFRESH,
    SIP_DEAUTHORIZATION,
    SIP_INITIATION,
    SIP_MSK_REFRESH,
)
from analyzer.procedures.media import MEDIA
from analyzer.procedures.ua import DEREGISTRATION, MSK_REQUEST, REGISTRATION
from analyzer.procedures.zn import USAGE

PROCEDURES: tuple[Procedure, ...] = (
    BOOTSTRAPPING,
    USAGE,
    HTTP_INITIATION,
    REGISTRATION,
    DEREGISTRATION,
    MSK_REQUEST,
    SIP_INITIATION,
    SIP_DEAUTHORIZATION,
    SIP_MSK_REFRESH,
    KS_NAF_REFRESH,
    MSK_DELIVERY,
    SOLICITED_PULL,
    MTK_DELIVERY,
    MEDIA,
)

CATALOGUE: tuple[Rule, ...] = tuple(
    sorted(
        (
            *ub_rules.RULES,
            *ub_grant_rules.RULES,
            *ub_run_rules.RULES,
            *dg_rules.RULES,
            *dg_retry_rules.RULES,
            *dg_grant_rules.RULES,
            *ms_rules.RULES,
            *ms_key_rules.RULES,
            *ms_answer_rules.RULES,
            *ms_renewal_rules.RULES,
            *mt_rules.RULES,
            *mt_use_rules.RULES,
            *sr_rules.RULES,
            *sr_switch_rules.RULES,
            *sr_download_rules.RULES,
            *si_rules.RULES,
            *si_post_rules.RULES,
            *si_registration_rules.RULES,
            *sb_rules.RULES,
            *sb_key_rules.RULES,
            *sb_post_rules.RULES,
            *rg_rules.RULES,
            *rg_msk_rules.RULES,
            *rg_back_off_rules.RULES,
            *zn_rules.RULES,
            *zn_answer_rules.RULES,
            *ex_rules.RULES,
            *ex_renewal_rules.RULES,
            *ex_storm_rules.RULES,
        ),
        key=lambda rule: rule.code,
    )
)


def tell(story: Story) -> tuple[tuple[str, Run], ...]:
    """Find every run of every procedure and name it: `ue1.p3`, the third of UE 1; `p3` where it is no UE's.

    A run of several UEs bears the name that it has with the first of them.
    """
    runs = [run for procedure in PROCEDURES for run in procedure.find(procedure, story)]
    runs.sort(key=lambda run: (run.start, run.first_frame, run.procedure.kind))
    story.runs.extend(runs)
    counts: dict[str, int] = {}
    named: list[tuple[str, Run]] = []
    for run in runs:
        for ue in run.ues:
            counts[ue.id] = counts.get(ue.id, 0) + 1
            story.by_ue.setdefault((ue.id, run.procedure.kind), []).append(run)
        owner = run.ues[0].id if run.ues else ""
        if not owner:
            counts[owner] = counts.get(owner, 0) + 1
        named.append((f"{owner}.p{counts[owner]}" if owner else f"p{counts[owner]}", run))
    return tuple(named)
