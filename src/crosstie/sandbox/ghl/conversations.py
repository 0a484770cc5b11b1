"""Messages to contacts: sent, kept, and to be read again. Nothing leaves the sandbox.

A message is accepted as `pending` and counts as delivered a second later. A contact who wants no
SMS, or has no phone, is refused with 400; the original's words for it are not known. The same
message sent twice is two messages: there is no key against it.
"""

from __future__ import annotations

from . import validate as v
from .clock import iso
from .contacts import find as find_contact
from .desk import Conversation, Message
from .records import Contact
from .routing import Call
from .state import GhlSandbox
from .wire import Answer, Json, Refusal, bad, invalid

_KINDS = ("SMS", "RCS", "Email", "WhatsApp", "IG", "FB", "Custom", "Live_Chat", "TIKTOK")
_TEXTS = (
    "contactId",
    "appointmentId",
    "emailFrom",
    "html",
    "message",
    "subject",
    "replyMessageId",
    "templateId",
    "threadId",
    "conversationProviderId",
    "emailTo",
    "customSubtypeId",
    "fromNumber",
    "toNumber",
)
SEND = v.Shape(
    {
        **dict.fromkeys(_TEXTS, v.string),
        **dict.fromkeys(("attachments", "emailCc", "emailBcc"), v.strings),
        "type": v.one_of(_KINDS),
        "subType": v.mapping,
        "forward": v.mapping,
        "scheduledTimestamp": v.number,
        "emailReplyMode": v.one_of(("reply", "reply_all")),
        "status": v.one_of(("delivered", "failed", "pending", "read")),
        "usesNativeSchedulingAi": v.boolean,
        "optimizationPeriod": v.one_of(("24h", "48h", "72h")),
    },
    ("type", "contactId"),
)
_SEARCH_TEXTS = (
    "locationId",
    "contactId",
    "assignedTo",
    "followers",
    "mentions",
    "query",
    "sort",
    "id",
    "lastMessageType",
    "lastMessageAction",
    "lastMessageDirection",
    "status",
    "sortBy",
)
SEARCH = v.Shape(
    {**dict.fromkeys(_SEARCH_TEXTS, v.string), "limit": v.digits, "startAfterDate": v.digits},
    ("locationId",),
)
NEW = v.Shape({"locationId": v.string, "contactId": v.string}, ("locationId", "contactId"))
PAGE = v.Shape({"lastMessageId": v.string, "limit": v.digits, "type": v.string})
_TYPES = {"SMS": ("TYPE_SMS", 2), "Email": ("TYPE_EMAIL", 3), "WhatsApp": ("TYPE_WHATSAPP", 19)}
_OTHER = ("TYPE_CUSTOM_SMS", 20)
_DELIVERED_AFTER = 1000


def send(sandbox: GhlSandbox, call: Call) -> Answer:
    """`POST /conversations/messages`: accepted is not delivered."""
    body = call.body
    contact = find_contact(sandbox, body["contactId"])
    if not any(body.get(name) for name in ("message", "attachments", "html", "templateId")):
        invalid("There is no message or attachments for this message. Skip sending.")
    if body["type"] == "SMS":
        _demand_sms(contact)
    now = sandbox.clock.now()
    scheduled = body.get("scheduledTimestamp")
    message = Message(
        id=sandbox.ids.record(),
        conversation_id=_conversation(sandbox, contact).id,
        contact_id=contact.id,
        kind=body["type"],
        body=body.get("message") or body.get("html", ""),
        status="pending" if scheduled is None else "scheduled",
        added=now,
        attachments=tuple(body.get("attachments", ())),
        scheduled=None if scheduled is None else int(scheduled * 1000),
    )
    sandbox.desk.messages.put(message)
    answered = {"conversationId": message.conversation_id, "messageId": message.id}
    return Answer(200, {**answered, "msg": "Message queued successfully.", "status": "pending"})


def read(sandbox: GhlSandbox, call: Call) -> Answer:
    """`GET /conversations/messages/{id}`: with what became of it."""
    message = sandbox.desk.messages.get(call.params[0])
    if message is None:
        raise Refusal(404, f"Message with id {call.params[0]} not found")
    return Answer(200, _message(sandbox, message))


def create(sandbox: GhlSandbox, call: Call) -> Answer:
    """`POST /conversations/`: the one there is, where there is one."""
    contact = find_contact(sandbox, call.body["contactId"])
    conversation = _conversation(sandbox, contact)
    shown = {
        "id": conversation.id,
        "dateUpdated": iso(conversation.added),
        "dateAdded": iso(conversation.added),
        "deleted": False,
        "contactId": contact.id,
        "locationId": sandbox.location.id,
        "lastMessageDate": iso(conversation.added),
    }
    return Answer(201, {"success": True, "conversation": shown})


def search(sandbox: GhlSandbox, call: Call) -> Answer:
    """`GET /conversations/search`: by contact or id, 20 unless `limit` says otherwise."""
    query = call.query
    found = [
        each
        for each in sandbox.desk.conversations
        if each.contact_id == query.get("contactId", each.contact_id)
        and each.id == query.get("id", each.id)
    ]
    page = found[: int(query.get("limit", "20"))]
    shown = [_summary(sandbox, each) for each in page]
    return Answer(200, {"conversations": shown, "total": len(found)})


def messages(sandbox: GhlSandbox, call: Call) -> Answer:
    """`GET /conversations/{id}/messages`: newest first, 20 unless `limit` says otherwise."""
    conversation = sandbox.desk.conversations.get(call.params[0])
    if conversation is None:
        raise Refusal(404, f"Conversation with id {call.params[0]} not found")
    own = _said(sandbox, conversation)[::-1]
    after = call.query.get("lastMessageId")
    if after is not None:
        places = [place for place, message in enumerate(own) if message.id == after]
        own = own[places[0] + 1 :] if places else []
    limit = int(call.query.get("limit", "20"))
    page = own[:limit]
    return Answer(
        200,
        {
            "lastMessageId": page[-1].id if page else "",
            "nextPage": len(own) > limit,
            "messages": [_message(sandbox, message) for message in page],
        },
    )


def _demand_sms(contact: Contact) -> None:
    refused = contact.fields.get("dndSettings", {}).get("SMS", {}).get("status", "inactive")
    if contact.fields.get("dnd") or refused != "inactive":
        bad("Cannot send message as DND is active for SMS.")
    if not contact.text("phone"):
        bad("Missing phone number")


def _conversation(sandbox: GhlSandbox, contact: Contact) -> Conversation:
    for conversation in sandbox.desk.conversations:
        if conversation.contact_id == contact.id:
            return conversation
    now = sandbox.clock.now()
    made = Conversation(id=sandbox.ids.record(), contact_id=contact.id, added=now)
    sandbox.desk.conversations.put(made)
    return made


def _said(sandbox: GhlSandbox, conversation: Conversation) -> list[Message]:
    return [m for m in sandbox.desk.messages if m.conversation_id == conversation.id]


def _message(sandbox: GhlSandbox, message: Message) -> Json:
    kind, number = _TYPES.get(message.kind, _OTHER)
    sent = message.added if message.scheduled is None else message.scheduled
    arrived = sent + _DELIVERED_AFTER <= sandbox.clock.now()
    return {
        "id": message.id,
        "type": number,
        "messageType": kind,
        "locationId": sandbox.location.id,
        "contactId": message.contact_id,
        "conversationId": message.conversation_id,
        "dateAdded": iso(message.added),
        "body": message.body,
        "direction": "outbound",
        "status": "delivered" if arrived else message.status,
        "contentType": "text/plain",
        "attachments": list(message.attachments),
        "source": "api",
    }


def _summary(sandbox: GhlSandbox, conversation: Conversation) -> Json:
    contact = sandbox.contacts.get(conversation.contact_id)
    said = _said(sandbox, conversation)
    name = contact.full_name if contact is not None else ""
    last = _message(sandbox, said[-1]) if said else {}
    return {
        "id": conversation.id,
        "contactId": conversation.contact_id,
        "locationId": sandbox.location.id,
        "lastMessageBody": last.get("body", ""),
        "lastMessageType": last.get("messageType", "TYPE_SMS"),
        "type": "TYPE_PHONE",
        "unreadCount": 0,
        "fullName": name,
        "contactName": name.lower(),
        "email": contact.text("email") if contact is not None else "",
        "phone": contact.text("phone") if contact is not None else "",
    }
