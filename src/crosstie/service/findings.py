"""What is wrong, by figures and thresholds. Pure: it looks at nothing and tells nobody.

| cause               | raised by                                                     | severity  |
|---------------------|---------------------------------------------------------------|-----------|
| `silent`            | no engine works, for longer than `silent`                     | unhealthy |
| `held:SYNC`         | the brake holds a sync                                        | unhealthy |
| `halted:ACCOUNT`    | an account needs a person: log-in, scope, plan                | unhealthy |
| `away:ACCOUNT`      | an account does not answer, or asks to be left alone          | degraded  |
| `success:SYNC`      | fewer tries than `success` succeed                            | degraded  |
| `failures:SYNC`     | more tries than `failures` failed in an hour                  | degraded  |
| `dead:SYNC`         | more dead letters than `dead`; than `many_dead`: unhealthy    | both      |
| `queue:SYNC`        | the longest due record waits for longer than `queue_age`      | degraded  |
| `latency:SYNC`      | 95 of 100 records take longer than `latency`                  | degraded  |
| `conflicts:SYNC`    | a conflict waits for longer than `conflict_age`               | degraded  |
| `calls:ACCOUNT`     | 95 of 100 calls take longer than `call`                       | degraded  |
| `rate:ACCOUNT`      | more than `rate` of a long rate window is used up             | degraded  |

Texts hold names of syncs, accounts and declared fields, and figures. What a system said is left
out: it may repeat what was sent to it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from crosstie.alerts import Thresholds
from crosstie.core.errors import Duplicate, NotFound, Rejected, Retry, Stale
from crosstie.core.tally import OTHER
from crosstie.core.values import SIDES, Instant
from crosstie.ports import Severity
from crosstie.service.accounts import AccountStatus
from crosstie.service.counting import age, counted
from crosstie.service.engines import EngineStatus
from crosstie.service.health_values import AccountHealth, Facts, Finding, age_of, percentiles
from crosstie.sync import Sync

KNOWN = frozenset(kind.code for kind in (Duplicate, NotFound, Rejected, Retry, Stale))
DEGRADED, UNHEALTHY = Severity.DEGRADED, Severity.UNHEALTHY


def found(
    limits: Thresholds,
    syncs: Sequence[Facts],
    accounts: Sequence[AccountHealth],
    statuses: Mapping[str, AccountStatus],
    engine: EngineStatus,
    now: Instant,
) -> Sequence[Finding]:
    """Everything that is wrong, the worst first."""
    some = [*_engine(limits, engine)]
    for status in statuses.values():
        some += _alone(status)
    for facts in syncs:
        some += _stopped(limits, facts, now)
        some += _failing(limits, facts)
        some += _slow(limits, facts, now)
    for account in accounts:
        some += _calls(limits, account)
    return sorted(some, key=lambda finding: finding.severity is not UNHEALTHY)


def told_of(sync: Sync, error: str) -> str:
    """Code of an error, with its field where that is a declared one; else the code alone.

    The field may be a system's own word, and what a system says may hold anything.
    """
    code, _, named = error.partition(":")
    declared = {name for side in SIDES for name in sync.mapping.side(side).reads}
    declared |= {*sync.mapping.by_name}
    if code not in KNOWN:
        return OTHER
    return f"{code}:{named}" if named in declared else code


def parts(cause: str) -> tuple[str, str]:
    """Fingerprint and error of what a roll-up blames; no fingerprint for all the others."""
    group, _, error = cause.partition(" ")
    return (group, error) if error else ("", cause)


def _engine(limits: Thresholds, engine: EngineStatus) -> Iterator[Finding]:
    ago = engine.ended_ago
    if not engine.running and ago is not None and ago > limits.silent:
        yield Finding(
            "silent",
            UNHEALTHY,
            f"No engine has worked for {age(ago)}: nothing is brought over.",
            "start one with `crosstie run` or `crosstie serve`, and see why the last one ended",
        )


def _alone(status: AccountStatus) -> Iterator[Finding]:
    kinds = {pause.kind for pause in status.left_alone}
    if "halt" in kinds:
        yield Finding(
            f"halted:{status.account}",
            UNHEALTHY,
            f"{status.account} lets us do nothing until a person has acted:"
            " a log-in, a scope or a plan is missing.",
            "see `crosstie status` for what it said",
        )
    elif kinds:
        yield Finding(
            f"away:{status.account}",
            DEGRADED,
            f"{status.account} does not answer well, or asks to be left alone for a while.",
            "nothing is lost, it is tried again; see `crosstie status` for what it said",
        )


def _stopped(limits: Thresholds, facts: Facts, now: Instant) -> Iterator[Finding]:
    name, standing = facts.sync.name, facts.standing
    if standing.held is not None:
        yield Finding(
            f"held:{name}",
            UNHEALTHY,
            f"The brake holds {name}: nothing is written until a person has looked.",
            "see `crosstie status`, then `crosstie plan`",
        )
    if standing.dead > limits.dead:
        yield Finding(
            f"dead:{name}",
            UNHEALTHY if standing.dead > limits.many_dead else DEGRADED,
            f"{counted(standing.dead, 'dead letter')} of {name}: these records are not tried"
            " again by themselves.",
            f"see `crosstie dead list --sync {name}`, mend the cause, then `crosstie dead retry`",
        )
    waits = age_of(standing.asked_since, now)
    if waits is not None and waits > limits.conflict_age:
        yield Finding(
            f"conflicts:{name}",
            DEGRADED,
            f"{counted(standing.asked, 'conflict')} of {name} without an answer, the oldest for"
            f" {age(waits)}.",
            "see `crosstie conflicts list`",
        )


def _failing(limits: Thresholds, facts: Facts) -> Iterator[Finding]:
    name, hour = facts.sync.name, facts.hour
    share = hour.success
    if share is not None and hour.tries >= limits.least and share < limits.success:
        yield Finding(
            f"success:{name}",
            DEGRADED,
            f"{share:.0%} of {hour.tries} tries of {name} succeeded in the last hour"
            f" ({_kinds(facts)}).",
            "see `crosstie health` for what fails, and `crosstie dead list`",
        )
    if hour.failed > limits.failures:
        yield Finding(
            f"failures:{name}",
            DEGRADED,
            f"{hour.failed} tries of {name} failed in the last hour ({_kinds(facts)}).",
            "see `crosstie health` for what fails, and `crosstie dead list`",
        )


def _kinds(facts: Facts) -> str:
    """The commonest errors, by code and field."""
    kinds: dict[str, int] = {}
    for cause, tries in facts.hour.causes.items():
        error = told_of(facts.sync, parts(cause)[1])
        kinds[error] = kinds.get(error, 0) + tries
    most = sorted(kinds.items(), key=lambda each: (-each[1], each[0]))[:3]
    return ", ".join(f"{tries} x {error}" for error, tries in most)


def _slow(limits: Thresholds, facts: Facts, now: Instant) -> Iterator[Finding]:
    name = facts.sync.name
    oldest = age_of(facts.standing.oldest_due, now)
    if oldest is not None and oldest > limits.queue_age:
        yield Finding(
            f"queue:{name}",
            DEGRADED,
            f"The longest due record of {name} has waited for {age(oldest)};"
            f" {counted(facts.standing.due, 'record')} due.",
            "see `crosstie status`: a system may be down, or its rate budget used up",
        )
    took = percentiles(facts.recent.took)
    if took is not None and took.of >= limits.least and took.p95 > limits.latency:
        yield Finding(
            f"latency:{name}",
            DEGRADED,
            f"5 of 100 records of {name} were settled more than {took.p95:.0f} s after they"
            " were due.",
            "expected after a mass change; else see the call times in `crosstie health`",
        )


def _calls(limits: Thresholds, account: AccountHealth) -> Iterator[Finding]:
    took = account.took
    if took is not None and took.of >= limits.least and took.p95 > limits.call:
        yield Finding(
            f"calls:{account.account}",
            DEGRADED,
            f"5 of 100 calls of {account.account} took more than {took.p95:.1f} s.",
            "see the status page of that system",
        )
    if account.used is not None and account.used > limits.rate:
        ends = "" if account.gone_in is None else f", all of it in {age(account.gone_in)}"
        yield Finding(
            f"rate:{account.account}",
            DEGRADED,
            f"{account.used:.0%} of a rate window of {account.account} is used up{ends}.",
            "scan less often (`rhythm`), or let other users of the account do less",
        )
