#include "memory/conversation/openai_chat.h"

#include <algorithm>
#include <optional>
#include <set>

#include <fmt/format.h>

namespace troupe::memory {

namespace {

using models::Message;
using models::Role;

Json attachments_of(const std::vector<models::Image>& images) {
  Json list;
  for (const models::Image& image : images) {
    const bool data = image.url.starts_with("data:");
    list.push_back({{"type", "image"}, {data ? "data" : "url", image.url}});
  }
  return list;
}

// Of a picture whose data stands in the store there is no address; a note says that there was one.
Message user_message(const DocumentTurn& turn) {
  Message message{.role = Role::user, .content = turn.input};
  if (!turn.attachments.is_array()) return message;
  for (const Json& one : turn.attachments) {
    std::string url = string_or(one, "url", string_or(one, "data"));
    if (url.starts_with("data:") || url.starts_with("http")) {
      message.images.push_back({std::move(url)});
    } else {
      if (!message.content.empty()) message.content += "\n\n";
      message.content += "[1 image]";
    }
  }
  return message;
}

// Turns come one message after the other.
class ChatReader {
 public:
  Result<> add(Message message, const std::string& at) {
    if (!open_.empty() && message.role != Role::tool)
      return fail(ErrorCode::invalid,
                  fmt::format("{}: call `{}` has no result: a `tool` message for it must come before this",
                              at, *open_.begin()));
    switch (message.role) {
      case Role::system:
        read_.instructions.push_back(std::move(message.content));
        return {};
      case Role::user:
        return add_user(std::move(message), at);
      case Role::assistant:
        return add_assistant(std::move(message), at);
      case Role::tool:
        break;
    }
    return add_result(std::move(message), at);
  }

  Result<ImportedSession> finish(std::string_view at) {
    if (!open_.empty())
      return fail(ErrorCode::invalid,
                  fmt::format("{}: the chat ends before call `{}` has a result", at, *open_.begin()));
    if (turn_) close();
    return std::move(read_);
  }

 private:
  Result<> begin(const std::string& at) {
    if (turn_) close();
    if (read_.document.turns.size() >= kImportTurns)
      return fail(ErrorCode::too_large, fmt::format("{}: a session may have {} turns", at, kImportTurns));
    turn_.emplace();
    return {};
  }

  void close() {
    // Without a final word the calls led to nothing that anybody was told.
    if (!answered_) turn_->status = "cancelled";
    read_.document.turns.push_back(std::move(*turn_));
    turn_.reset();
    answered_ = asked_ = false;
  }

  static Result<> join(std::string& text, const std::string& more, const std::string& at) {
    if (!text.empty() && !more.empty()) text += "\n\n";
    text += more;
    if (text.size() <= kImportTextBytes) return {};
    return fail(ErrorCode::too_large,
                fmt::format("{}: with those of the same role before it {} bytes; a text may have {}", at,
                            text.size(), kImportTextBytes));
  }

  Result<> add_user(Message message, const std::string& at) {
    const bool goes_on = turn_ && asked_ && !answered_ && turn_->steps.empty();
    if (!goes_on)
      if (auto begun = begin(at); !begun) return begun;
    asked_ = true;
    for (Json& one : attachments_of(message.images)) turn_->attachments.push_back(std::move(one));
    return join(turn_->input, message.content, at);
  }

  Result<> add_assistant(Message message, const std::string& at) {
    if (!turn_)
      if (auto begun = begin(at); !begun) return begun;
    if (message.tool_calls.empty()) {
      answered_ = true;
      return join(turn_->answer, message.content, at);
    }
    if (answered_) {  // what was said before went on to a call: it was no answer yet
      turn_->steps.push_back({.role = Role::assistant, .content = std::move(turn_->answer)});
      turn_->answer.clear();
      answered_ = false;
    }
    for (const models::ToolCall& call : message.tool_calls)
      if (!open_.insert(call.id).second)
        return fail(ErrorCode::invalid,
                    fmt::format("{}/tool_calls: two calls have the id `{}`", at, call.id));
    return add_step(std::move(message), at);
  }

  Result<> add_result(Message message, const std::string& at) {
    if (open_.erase(message.tool_call_id) == 0)
      return fail(ErrorCode::invalid, fmt::format("{}/tool_call_id: there is no open call `{}` before it", at,
                                                  message.tool_call_id));
    return add_step(std::move(message), at);
  }

  Result<> add_step(Message message, const std::string& at) {
    if (turn_->steps.size() >= kImportSteps)
      return fail(ErrorCode::too_large,
                  fmt::format("{}: a turn may have {} messages of tools", at, kImportSteps));
    turn_->steps.push_back(std::move(message));
    return {};
  }

  ImportedSession read_;
  std::optional<DocumentTurn> turn_;
  bool asked_ = false;
  bool answered_ = false;
  std::set<std::string> open_;
};

}  // namespace

Json to_openai_chat(const SessionDocument& document) {
  Json messages = Json::array();
  for (const DocumentTurn& turn : document.turns) {
    Message user = user_message(turn);
    if (!user.content.empty() || !user.images.empty()) messages.push_back(message_to_openai(user));
    for (const Message& step : turn.steps) messages.push_back(message_to_openai(step));
    if (!turn.answer.empty()) messages.push_back({{"role", "assistant"}, {"content", turn.answer}});
  }
  return messages;
}

Result<ImportedSession> from_openai_chat(const Json& messages, std::string_view at) {
  if (!messages.is_array())
    return fail(ErrorCode::invalid, fmt::format("{}: must be a list of messages", at.empty() ? "/" : at));
  ChatReader reader;
  for (std::size_t i = 0; i < messages.size(); ++i) {
    const std::string place = fmt::format("{}/{}", at, i);
    auto message = message_from_openai(messages[i], place);
    if (!message) return std::unexpected(message.error());
    if (auto added = reader.add(std::move(*message), place); !added) return std::unexpected(added.error());
  }
  return reader.finish(at.empty() ? "/" : at);
}

}  // namespace troupe::memory
