#include "runtime/bus/message_event.h"

#include "runtime/bus/words.h"

#include <fmt/format.h>

namespace troupe::bus {

namespace {

void put(Json& fields, const char* name, const std::string& text) {
  if (!text.empty()) fields[name] = text;
}

std::vector<std::string> texts_of(const Json* list) {
  std::vector<std::string> texts;
  if (!list || !list->is_array()) return texts;
  for (const Json& one : *list)
    if (one.is_string()) texts.push_back(one.get<std::string>());
  return texts;
}

}  // namespace

Json fields_of(const Message& message) {
  Json fields = Json::object();
  put(fields, "id", message.id);
  put(fields, "from", message.from);
  put(fields, "to", message.to);
  if (!message.topic.type.empty()) {
    fields["topic"] = {{"type", message.topic.type}};
    put(fields["topic"], "source", message.topic.source);
  }
  fields["kind"] = word(message.kind);
  fields["text"] = message.text;
  put(fields, "reply_to", message.reply_to);
  if (!message.data.is_null()) fields["data"] = message.data;
  if (message.deadline_ms != 0) fields["deadline_ms"] = message.deadline_ms;
  return fields;
}

Result<Message> message_of(const Json& fields, Room room) {
  const auto kind = kind_of(string_or(fields, "kind"));
  if (!kind)
    return fail(ErrorCode::invalid,
                fmt::format("a message is of no kind that there is, but of `{}`", string_or(fields, "kind")));
  Message message{.id = string_or(fields, "id"),
                  .room = std::move(room),
                  .from = string_or(fields, "from"),
                  .to = string_or(fields, "to"),
                  .kind = *kind,
                  .text = string_or(fields, "text"),
                  .reply_to = string_or(fields, "reply_to")};
  if (const Json* topic = find(fields, "topic"))
    message.topic = {string_or(*topic, "type"), string_or(*topic, "source")};
  if (const Json* data = find(fields, "data")) message.data = *data;
  if (const Json* deadline = find(fields, "deadline_ms"); deadline && deadline->is_number_integer())
    message.deadline_ms = deadline->get<std::int64_t>();
  return message;
}

Event event_of(const Posted& posted) {
  const Message& message = posted.message;
  Event event{.type = kMessageEvent,
              .session = message.room.session,
              .run = message.room.run,
              .agent = message.from,
              .fields = fields_of(message)};
  if (!message.topic.type.empty()) event.fields["receivers"] = posted.receivers;
  return event;
}

Result<Posted> posted_of(const Frame& frame, const Room& room) {
  auto fields = parse_json(*frame.text);
  if (!fields) return within(fmt::format("event {} of session {}", frame.seq, frame.session), fields.error());
  auto message = message_of(*fields, room);
  if (!message)
    return within(fmt::format("event {} of session {}", frame.seq, frame.session), message.error());
  Posted posted{std::move(*message), texts_of(find(*fields, "receivers"))};
  if (posted.message.topic.type.empty() && posted.message.kind != Kind::reply)
    posted.receivers = {posted.message.to};
  return posted;
}

store::Fact fact_of(const Done& done, const std::string& run) {
  Json body = {{"id", done.id}, {"to", done.to}};
  if (done.dead) body["dead"] = word(*done.dead);
  return {.run = run, .kind = kDoneFact, .body = dump(body)};
}

Result<Done> done_of(const store::Fact& fact) {
  auto body = parse_json(fact.body);
  if (!body) return within(fmt::format("a fact `{}` of run {}", fact.kind, fact.run), body.error());
  return Done{string_or(*body, "id"), string_or(*body, "to"), dead_reason_of(string_or(*body, "dead"))};
}

}  // namespace troupe::bus
