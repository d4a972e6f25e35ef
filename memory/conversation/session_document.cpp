#include "memory/conversation/session_document.h"

#include "memory/conversation/openai_chat.h"
#include "memory/conversation/turn.h"
#include "runtime/base/clock.h"
#include "runtime/base/suggest.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace troupe::memory {

namespace {

constexpr std::array<std::string_view, 5> kStatuses = {"done", "failed", "cancelled", "limit", "denied"};

std::unexpected<Error> wrong(const std::string& at, std::string_view what) {
  return fail(ErrorCode::invalid, fmt::format("{}: {}", at, what));
}

Result<> only_keys(const Json& object, const std::vector<std::string>& known, const std::string& at) {
  for (const auto& [key, value] : object.items())
    if (std::ranges::find(known, key) == known.end())
      return wrong(fmt::format("{}/{}", at, key),
                   fmt::format("unknown key{}; known: {}", did_you_mean(key, known), fmt::join(known, ", ")));
  return {};
}

Result<> read_text(const Json& object, std::string_view key, const std::string& at, std::string& text) {
  const Json* member = find(object, key);
  if (!member) return {};
  const std::string place = fmt::format("{}/{}", at, key);
  if (!member->is_string()) return wrong(place, "must be a text");
  text = member->get<std::string>();
  if (text.size() > kImportTextBytes)
    return fail(ErrorCode::too_large,
                fmt::format("{}: {} bytes; a text may have {}", place, text.size(), kImportTextBytes));
  return {};
}

Result<> read_steps(const Json& object, const std::string& at, DocumentTurn& turn) {
  const Json* steps = find(object, "steps");
  if (!steps) return {};
  // Steps are held to the rules of a chat: no call without its result, nobody else's words.
  Json chat = Json::array({{{"role", "user"}, {"content", "."}}});
  if (!steps->is_array()) return wrong(at + "/steps", "must be a list of messages");
  if (steps->size() > kImportSteps)
    return fail(ErrorCode::too_large,
                fmt::format("{}/steps: {} messages; there may be {}", at, steps->size(), kImportSteps));
  for (std::size_t i = 0; i < steps->size(); ++i) {
    const std::string place = fmt::format("{}/steps/{}", at, i);
    auto message = message_from_openai((*steps)[i], place);
    if (!message) return std::unexpected(message.error());
    if (message->role != models::Role::assistant && message->role != models::Role::tool)
      return wrong(place + "/role", "a step is said by the assistant or a tool");
    chat.push_back((*steps)[i]);
    turn.steps.push_back(std::move(*message));
  }
  if (auto whole = from_openai_chat(chat, ""); !whole)
    return wrong(at + "/steps", "as messages after the user's: " + whole.error().message);
  return {};
}

Result<DocumentTurn> read_turn(const Json& json, const std::string& at) {
  if (!json.is_object()) return wrong(at, "must be a turn: an object with `input` and `answer`");
  auto known = only_keys(json, {"input", "answer", "status", "ts", "agent", "attachments", "steps"}, at);
  if (!known) return std::unexpected(known.error());
  DocumentTurn turn;
  if (!find(json, "input")) return wrong(at + "/input", "is missing");
  for (auto [key, text] : {std::pair<std::string_view, std::string*>{"input", &turn.input},
                           {"answer", &turn.answer},
                           {"status", &turn.status},
                           {"ts", &turn.ts},
                           {"agent", &turn.agent}})
    if (auto read = read_text(json, key, at, *text); !read) return std::unexpected(read.error());
  if (std::ranges::find(kStatuses, turn.status) == kStatuses.end())
    return wrong(at + "/status", fmt::format("`{}` is no status of a turn; known: {}", turn.status,
                                             fmt::join(kStatuses, ", ")));
  if (turn.input.empty() && turn.answer.empty() && !find(json, "attachments"))
    return wrong(at, "has neither an input nor an answer");
  if (const Json* attachments = find(json, "attachments")) {
    if (!attachments->is_array() || attachments->size() > limits::kAttachments)
      return wrong(at + "/attachments", fmt::format("must be a list of at most {}", limits::kAttachments));
    turn.attachments = *attachments;
  }
  if (auto read = read_steps(json, at, turn); !read) return std::unexpected(read.error());
  return turn;
}

Result<ImportedSession> read_document(const Json& json) {
  if (auto known = only_keys(json, {"version", "session", "target", "turns"}, ""); !known)
    return std::unexpected(known.error());
  const Json* version = find(json, "version");
  if (!version || !version->is_number_integer()) return wrong("/version", "must be the number 1");
  if (*version != kSessionDocumentVersion)
    return wrong("/version", fmt::format("{} is not known here; this version reads {}", dump(*version),
                                         kSessionDocumentVersion));
  ImportedSession read;
  for (auto [key, text] : {std::pair<std::string_view, std::string*>{"session", &read.document.session},
                           {"target", &read.document.target}})
    if (auto done = read_text(json, key, "", *text); !done) return std::unexpected(done.error());
  const Json* turns = find(json, "turns");
  if (!turns || !turns->is_array()) return wrong("/turns", "must be a list of turns");
  if (turns->size() > kImportTurns)
    return fail(ErrorCode::too_large,
                fmt::format("/turns: {} turns; there may be {}", turns->size(), kImportTurns));
  for (std::size_t i = 0; i < turns->size(); ++i) {
    auto turn = read_turn((*turns)[i], fmt::format("/turns/{}", i));
    if (!turn) return std::unexpected(turn.error());
    read.document.turns.push_back(std::move(*turn));
  }
  return read;
}

}  // namespace

std::optional<DocumentTurn> document_turn(const store::RunRow& row) {
  if (!turn_of(row)) return std::nullopt;
  DocumentTurn turn{.input = row.input,
                    .answer = row.answer,
                    .status = row.status,
                    .ts = row.finished() ? rfc3339(row.finished_ms) : "",
                    .agent = row.agent};
  auto extra = parse_json(row.extra);
  const Json* attachments = extra ? find(*extra, "attachments") : nullptr;
  if (attachments && attachments->is_array()) turn.attachments = *attachments;
  return turn;
}

Json to_json(const SessionDocument& document) {
  Json json = {
      {"version", kSessionDocumentVersion}, {"session", document.session}, {"target", document.target}};
  Json& turns = json["turns"] = Json::array();
  for (const DocumentTurn& turn : document.turns) {
    Json one = {{"input", turn.input}, {"answer", turn.answer}, {"status", turn.status}};
    if (!turn.ts.empty()) one["ts"] = turn.ts;
    if (!turn.agent.empty()) one["agent"] = turn.agent;
    if (turn.attachments.is_array()) one["attachments"] = turn.attachments;
    for (const models::Message& step : turn.steps) one["steps"].push_back(message_to_openai(step));
    turns.push_back(std::move(one));
  }
  return json;
}

Result<ImportedSession> import_session(std::string_view text) {
  auto json = parse_json(text);
  if (!json) return within("session", json.error());
  auto read = [&]() -> Result<ImportedSession> {
    if (json->is_array()) return from_openai_chat(*json, "");
    if (const Json* messages = find(*json, "messages")) return from_openai_chat(*messages, "/messages");
    if (json->is_object()) return read_document(*json);
    return wrong("/", "must be a session document or a list of messages");
  }();
  if (!read) return within("session", read.error());
  return read;
}

}  // namespace troupe::memory
