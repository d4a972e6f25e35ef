#include "runtime/bus/message_check.h"

#include "runtime/bus/limits.h"

#include <fmt/format.h>

namespace troupe::bus {

namespace {

std::unexpected<Error> invalid(const Message& message, std::string_view why) {
  return fail(ErrorCode::invalid, fmt::format("message `{}` of `{}`: {}", message.id.substr(0, 64),
                                              message.from.substr(0, 64), why));
}

Result<> within_limit(std::string_view what, std::size_t bytes, std::size_t most) {
  if (bytes <= most) return {};
  return fail(ErrorCode::too_large,
              fmt::format("the {} of a message has {} bytes; it may have {}", what, bytes, most));
}

std::size_t data_bytes(const Message& message) {
  return message.data.is_null() ? 0 : dump(message.data).size();
}

}  // namespace

Result<> check(const Message& message) {
  for (auto [what, bytes, most] :
       {std::tuple("id", message.id.size(), limits::kBusIdBytes),
        std::tuple("`reply_to`", message.reply_to.size(), limits::kBusIdBytes),
        std::tuple("sender", message.from.size(), limits::kBusAddressBytes),
        std::tuple("receiver", message.to.size(), limits::kBusAddressBytes),
        std::tuple("topic's type", message.topic.type.size(), limits::kBusTopicBytes),
        std::tuple("topic's source", message.topic.source.size(), limits::kBusTopicBytes),
        std::tuple("text", message.text.size(), limits::kBusTextBytes),
        std::tuple("data", data_bytes(message), limits::kBusDataBytes)}) {
    if (auto fits = within_limit(what, bytes, most); !fits) return fits;
  }
  if (message.id.empty()) return invalid(message, "it has no id");
  if (message.from.empty()) return invalid(message, "it says no sender");
  if (message.room.session.empty() || message.room.run.empty())
    return invalid(message, "its room names no session or no run");
  if (message.kind == Kind::reply)
    return message.reply_to.empty() ? Result<>(invalid(message, "a reply says what it answers")) : Result<>();
  if (message.to.empty() && message.topic.type.empty())
    return invalid(message, "it has neither a receiver nor a topic");
  if (!message.to.empty() && !message.topic.type.empty())
    return invalid(message, "it goes to a receiver or to a topic, not to both");
  return {};
}

std::size_t size_of(const Message& message) {
  return sizeof(Message) + message.id.size() + message.from.size() + message.to.size() +
         message.topic.type.size() + message.topic.source.size() + message.text.size() +
         message.reply_to.size() + data_bytes(message);
}

}  // namespace troupe::bus
