#include "plugins/host/message.h"

#include <limits>

namespace troupe::plugins {

namespace {

constexpr std::size_t kHeadBytes = 8u << 20;                // headers of a request, services of a plugin
constexpr std::size_t kHeadDepth = limits::kJsonDepth + 8;  // schemas of services are in it
constexpr std::string_view kTextBytes = "text_bytes";

}  // namespace

std::string encode(const Message& message) {
  std::string frame;
  if (message.text.empty()) {
    frame = dump(message.head);
  } else {
    Json head = message.head;
    head[std::string(kTextBytes)] = message.text.size();
    frame = dump(head);
  }
  frame.reserve(frame.size() + 1 + message.text.size() + message.body.size());
  frame.append("\n").append(message.text).append(message.body);
  return frame;
}

Result<Message> decode(std::string_view frame) {
  const std::size_t line = frame.substr(0, kHeadBytes).find('\n');
  if (line == std::string_view::npos) return fail(ErrorCode::protocol, "a message without its first line");
  auto head = parse_json(frame.substr(0, line), kHeadDepth, kHeadBytes);
  if (!head || !head->is_object())
    return fail(ErrorCode::protocol, "a message whose first line is no JSON object");
  frame.remove_prefix(line + 1);
  const std::int64_t text = number_or(*head, kTextBytes, 0);
  if (text < 0 || static_cast<std::uint64_t>(text) > frame.size())
    return fail(ErrorCode::protocol, "a message that announces more text than it has");
  Message message{.head = std::move(*head)};
  message.text = frame.substr(0, static_cast<std::size_t>(text));
  message.body = frame.substr(static_cast<std::size_t>(text));
  return message;
}

std::int64_t number_or(const Json& head, std::string_view key, std::int64_t fallback) {
  const Json* value = find(head, key);
  if (!value || !value->is_number_integer()) return fallback;
  if (value->is_number_unsigned() &&
      value->get<std::uint64_t>() > static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max()))
    return fallback;
  return value->get<std::int64_t>();
}

}  // namespace troupe::plugins
