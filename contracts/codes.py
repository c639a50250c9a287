"""Closed, versioned lists: each word here is the same in a log line, a metric label, a dead letter and a problem body.

A list grows at its end and never loses a word; a change raises its version. Chinese titles live with the readers
(`routing_rules.messages`, the console), not here.
"""

from enum import StrEnum
from typing import Final

CODES_VERSION: Final = 2


class ReasonCode(StrEnum):
    """Why something could not be taken further (DESIGN §7)."""

    MALFORMED_ENVELOPE = "malformed_envelope"  # CloudEvents attributes missing or contradictory
    EMPTY_PAYLOAD = "empty_payload"  # no bytes at all: a tombstone where a report was due
    WRONG_ENCODING = "wrong_encoding"  # bytes that are not UTF-8
    UNPARSABLE = "unparsable"  # not JSON, or not the native form at all
    NESTED_TOO_DEEP = "nested_too_deep"
    MISSING_FIELD = "missing_field"
    WRONG_TYPE = "wrong_type"
    INVALID_VALUE = "invalid_value"
    INVALID_TIME = "invalid_time"
    UNKNOWN_CHANNEL = "unknown_channel"
    TOO_LARGE = "too_large"
    NOT_THE_OWNER = "not_the_owner"  # an agency that speaks on another's topic
    UNKNOWN_INCIDENT = "unknown_incident"
    ILLEGAL_TRANSITION = "illegal_transition"
    UNKNOWN_DIRECTIVE = "unknown_directive"
    PROCESSOR_FAILED = "processor_failed"  # an exception that nobody named, pinned on this one record
    OUTPUT_REFUSED = "output_refused"  # the broker would not take what the record gave rise to
    # what is retried, not dead-lettered
    BROKER_UNAVAILABLE = "broker_unavailable"
    NO_RULESET = "no_ruleset"
    BACKPRESSURE = "backpressure"
    TOO_LATE = "too_late"  # a fact after the time in which it may be told, such as a return


class Channel(StrEnum):
    """Channels that a codec exists for. A ruleset may declare others; this list is not consulted to route."""

    HOTLINE = "hotline-12345"
    URBAN_MANAGEMENT = "urban-management"
    POLICE = "police-110"
    PETITION = "petition"
    MESSAGE_BOARD = "message-board"
    NYC311 = "nyc311"


class Kind(StrEnum):
    """诉求类型, most protective first (RULE-LANGUAGE G16)."""

    TIP = "tip"
    COMPLAINT = "complaint"
    HELP = "help"
    CONSULT = "consult"
    SUGGESTION = "suggestion"
    PRAISE = "praise"


class Urgency(StrEnum):
    """紧急程度, lowest first."""

    NORMAL = "normal"
    URGENT = "urgent"
    CRITICAL = "critical"


URGENCY_ORDER: Final = {u: i for i, u in enumerate(Urgency)}


class ReporterKind(StrEnum):
    """Who tells: a person, a firm, an official on the beat, a device, or nobody who gives a name."""

    CITIZEN = "citizen"
    ENTERPRISE = "enterprise"
    INSPECTOR = "inspector"
    SENSOR = "sensor"
    ANONYMOUS = "anonymous"


class Role(StrEnum):
    """主办 · 协办 · 知会, strongest first."""

    LEAD = "lead"
    CO_HANDLER = "co_handler"
    INFORMED = "informed"


class Milestone(StrEnum):
    """签收 · 首次联系 · 办结 (RULE-LANGUAGE G42)."""

    ACKNOWLEDGE = "acknowledge"
    RESPOND = "respond"
    RESOLVE = "resolve"


class Mode(StrEnum):
    """平时 · 战时/急时."""

    ROUTINE = "routine"
    EMERGENCY = "emergency"


class LocatedBy(StrEnum):
    """How the place became known, surest first (G21)."""

    CHANNEL = "channel"
    NATIVE = "native"
    POINT = "point"
    ADDRESS = "address"
    TEXT = "text"
    DEFAULT = "default"


class ClassifiedBy(StrEnum):
    """How the category became known, surest first (G17)."""

    CHANNEL = "channel"
    NATIVE = "native"
    WORDS = "words"
    NONE = "none"


class Outcome(StrEnum):
    """What a decision rests on: the `reason` of a Decision (RULE-LANGUAGE §10)."""

    MATCHED = "matched"
    FALLBACK = "fallback"
    ROLE_UNRESOLVED = "role_unresolved"
    ADJUDICATION = "adjudication"
    ADJUDICATED = "adjudicated"


class HardRule(StrEnum):
    """The engine's own rules, which no YAML can switch off (RULE-LANGUAGE §6)."""

    CONFLICT = "conflict"
    RETURNED = "returned"
    IDENTITY = "identity"


class DroppedBecause(StrEnum):
    """Why an agency that a rule asked for got no assignment."""

    CONFLICT = "conflict"
    RETURNED = "returned"
    SAME_AGENCY = "same_agency"
    CONFIDENTIAL = "confidential"
    UNRESOLVED = "unresolved"


class Resolved(StrEnum):
    """How a role became an agency (RULE-LANGUAGE §10)."""

    NAMED = "named"
    AS_ASKED = "as_asked"
    CLIMBED = "climbed"
    FIRST_RECEIVER = "first_receiver"
    ON_RETURN = "on_return"
    SUPERVISOR = "supervisor"


class DirectiveKind(StrEnum):
    """Commands to the bus. The stages that act on each are named in docs/directives.md."""

    REDISPATCH = "redispatch"  # decide anew, a round later
    ADJUDICATE = "adjudicate"  # the command centre names the lead; final
    AMEND = "amend"  # more reporters or corrected facts: overlays only
    REINTERPRET = "reinterpret"
    HOLD = "hold"
    RELEASE = "release"
    REMIND = "remind"
    SUPERVISE = "supervise"
    ESCALATE = "escalate"
    GRANT_EXTENSION = "grant_extension"
    REFUSE_EXTENSION = "refuse_extension"
    DEFER = "defer"
    MERGE = "merge"
    REOPEN = "reopen"
    WITHDRAW = "withdraw"
    CLOSE = "close"
    ACKNOWLEDGE = "acknowledge"  # the command centre takes it in an agency's stead
    EXCUSE = "excuse"  # a co-handler need do no more
    APPROVE_RETURN = "approve_return"  # where a return needs its sender's approval
    REFUSE_RETURN = "refuse_return"


class FactKind(StrEnum):
    """What happened to a case, in the past tense (DESIGN §6)."""

    REGISTERED = "registered"
    DISPATCHED = "dispatched"
    REPORT_UPDATED = "report_updated"
    DUPLICATE_REPORT = "duplicate_report"
    ACKNOWLEDGED = "acknowledged"
    RESPONDED = "responded"
    IN_PROGRESS = "in_progress"
    RETURNED = "returned"
    REASSIGNED = "reassigned"
    EXTENSION_REQUESTED = "extension_requested"
    EXTENSION_GRANTED = "extension_granted"
    EXTENSION_REFUSED = "extension_refused"
    DEFERRED = "deferred"
    RESOLVED = "resolved"
    VERIFIED = "verified"
    FOLLOWED_UP = "followed_up"
    REOPENED = "reopened"
    CLOSED = "closed"
    MERGED = "merged"
    WITHDRAWN = "withdrawn"
    REMINDED = "reminded"
    SUPERVISED = "supervised"
    ESCALATED = "escalated"
    ADJUDICATED = "adjudicated"
    OVERDUE = "overdue"  # a deadline has passed
    FOLLOW_UP_DUE = "follow_up_due"  # 回访 is to be made
    HELD = "held"  # its assignment waits
    RELEASED = "released"
    EXCUSED = "excused"
    RETURN_REQUESTED = "return_requested"  # where a return needs approval
    RETURN_REFUSED = "return_refused"
    NOTIFIED = "notified"  # the petitioner was given a notice
    LINKED = "linked"  # another system's number for the same matter
    TRANSFERRED = "transferred"  # 110 ↔ 12345
    REVIEW_REQUESTED = "review_requested"  # 复查, 复核
    REVIEWED = "reviewed"  # the opinion on it was given
    AMENDED = "amended"  # corrected, or more reporters: additions only
    DISPUTED = "disputed"  # returned too often: the command centre is to rule


class CaseStatus(StrEnum):
    """Where a case stands (DESIGN §6)."""

    EXPECTED = "expected"  # facts came before the decision did
    DISPATCHED = "dispatched"
    ACKNOWLEDGED = "acknowledged"
    IN_PROGRESS = "in_progress"
    RETURNED = "returned"  # its lead gave it back: to be decided anew
    DISPUTED = "disputed"  # returned too often: the command centre is to rule
    DEFERRED = "deferred"  # 挂账, with a dated plan
    RESOLVED = "resolved"
    VERIFIED = "verified"
    CLOSED = "closed"
    MERGED = "merged"
    WITHDRAWN = "withdrawn"


ENDED: Final = frozenset({CaseStatus.CLOSED, CaseStatus.MERGED, CaseStatus.WITHDRAWN})
"""A case that stands here is over; nothing is due of it any more."""


class PartStatus(StrEnum):
    """Where one agency's part in a case stands."""

    ASSIGNED = "assigned"
    HELD = "held"  # its assignment waits for a release
    ACKNOWLEDGED = "acknowledged"
    IN_PROGRESS = "in_progress"
    DONE = "done"
    RETURNED = "returned"
    EXCUSED = "excused"
    WITHDRAWN = "withdrawn"  # a later round gave the case to others
    INFORMED = "informed"  # told only: nothing is due of it


class Satisfaction(StrEnum):
    """满意度, as the person who reported says at the follow-up."""

    SATISFIED = "satisfied"
    BASICALLY_SATISFIED = "basically_satisfied"
    DISSATISFIED = "dissatisfied"
    UNREACHED = "unreached"


class Notice(StrEnum):
    """告知 to a petitioner, each a fact of its own (信访工作条例 22, 23, 34)."""

    ACCEPTED = "accepted"  # 受理告知
    TRANSFERRED = "transferred"  # 转送、交办去向
    NOT_ACCEPTED = "not_accepted"
    EXTENDED = "extended"  # 延期告知
    ANSWERED = "answered"  # 答复, 处理意见书


class TimerKind(StrEnum):
    """What falls due in a case's life."""

    REMIND = "remind"
    OVERDUE = "overdue"
    SUPERVISE = "supervise"
    ESCALATE = "escalate"
    FOLLOW_UP = "follow_up"
    CLOSE = "close"  # nobody was dissatisfied within the time for it
    PLAN = "plan"  # the date by which a resolution is to be verified
    EARLY = "early"  # facts that wait for their decision no longer


class ReturnReason(StrEnum):
    """Grounds on which an agency may hand a case back (STANDARDS §2, 退单)."""

    WRONG_PLACE = "wrong_place"  # 属地不符
    NOT_OUR_DUTY = "not_our_duty"  # 非本单位职责
    OWNERSHIP_UNCLEAR = "ownership_unclear"  # 权属不清
    SHARED_DUTY = "shared_duty"  # 职能交叉
    ALREADY_HANDLED = "already_handled"
    INSUFFICIENT_DETAIL = "insufficient_detail"


class Flag(StrEnum):
    """What was odd about a report that was accepted all the same; set by a codec or by intake."""

    NO_ENVELOPE = "no_envelope"  # bare payload without CloudEvents attributes
    TIME_IN_FUTURE = "time_in_future"  # kept, not used
    TIME_UNREADABLE = "time_unreadable"  # an optional time that could not be read: left out
    POINT_OUTSIDE = "point_outside"  # coordinates far from the county: left out
    POINT_INVALID = "point_invalid"
    PLACE_UNKNOWN = "place_unknown"  # a jurisdiction code that the ruleset does not know
    CATEGORY_UNKNOWN = "category_unknown"
    ABOUT_UNKNOWN = "about_unknown"  # a complained-about agency that matches none
    ABOUT_TOP = "about_top"  # a complaint about the agency above all others
    TEXT_CLEANED = "text_cleaned"  # NUL bytes and control characters taken out
    TEXT_EMPTY = "text_empty"
    REINTERPRETED = "reinterpreted"
