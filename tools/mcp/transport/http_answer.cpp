#include "tools/mcp/transport/http_answer.h"

#include "tools/mcp/bounds.h"

#include <algorithm>

#include <fmt/format.h>

namespace troupe::tools::mcp {

HttpAnswer::HttpAnswer() : events_(bounds::kMessageBytes) {}

void HttpAnswer::head(const net::HttpHead& head) {
  status_ = head.status;
  const std::string_view session = head.header("mcp-session-id");
  if (session.size() <= bounds::kSessionId &&
      std::ranges::all_of(session, [](char c) { return c >= '!' && c <= '~'; }))
    session_ = session;
  const std::string_view type = head.header("content-type");
  type_ = type.substr(0, bounds::kNameBytes);
  if (status_ < 200 || status_ > 299) {
    kind_ = Kind::refused;
    if (const auto where = head.header("location"); !where.empty())
      body_ = fmt::format("it is at {} now; write that as `url`. ", where.substr(0, bounds::kNameBytes));
  } else if (type.starts_with("text/event-stream")) {
    kind_ = Kind::stream;
  } else {
    kind_ = type.starts_with("application/json") ? Kind::message : Kind::accepted;
  }
}

bool HttpAnswer::data(std::string_view bytes) {
  if (kind_ == Kind::stream) {
    std::vector<models::SseEvent> events;
    const auto fed = events_.feed(bytes, events);
    heard_ = heard_ || !events.empty();
    // An event without content only brings an id to resume from.
    for (models::SseEvent& event : events)
      if (!event.data.empty()) messages_.push_back(std::move(event.data));
    if (!fed) problem_ = fed.error().message;
    return fed.has_value();
  }
  if (kind_ == Kind::refused) {
    body_ += bytes.substr(0, bounds::kErrorText * 4 - std::min(body_.size(), bounds::kErrorText * 4));
    return true;
  }
  if (kind_ != Kind::message) return true;
  if (body_.size() + bytes.size() > bounds::kMessageBytes) {
    problem_ = fmt::format("its answer is larger than {} bytes", bounds::kMessageBytes);
    return false;
  }
  body_ += bytes;
  return true;
}

void HttpAnswer::finish() {
  if (kind_ == Kind::stream) {
    if (auto last = events_.finish(); last && !last->data.empty()) messages_.push_back(std::move(last->data));
  }
  if (kind_ == Kind::message && !body_.empty()) messages_.push_back(std::exchange(body_, {}));
}

}  // namespace troupe::tools::mcp
