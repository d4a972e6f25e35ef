#include "models/providers/reply_reader.h"

#include "models/limits.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

namespace troupe::models {

Result<> ReplyReader::feed(std::string_view bytes, std::vector<ReplyDelta>& deltas) {
  if (form_ == Form::unknown) {
    // Blanks and a byte order mark may come first, in pieces.
    body_.append(bytes);
    std::size_t first = body_.find_first_not_of(" \t\r\n\xEF\xBB\xBF");
    if (first == std::string::npos && body_.size() <= limits::kErrorBodyBytes) return {};
    if (first == std::string::npos) return fail(ErrorCode::protocol, "the answer consists of blanks");
    const bool body = std::string_view("{[<").find(body_[first]) != std::string_view::npos;
    form_ = body && framing_ == Framing::events ? Form::json : Form::stream;
    opening_ = beginning(std::string_view(body_).substr(first));
    if (form_ == Form::json) return {};
    std::string kept = std::exchange(body_, {});
    return feed(kept, deltas);
  }
  if (form_ == Form::json) {
    if (body_.size() + bytes.size() > bytes_max_)
      return fail(ErrorCode::protocol, fmt::format("the answer is larger than {} bytes", bytes_max_));
    body_.append(bytes);
    return {};
  }
  auto fed = framing_ == Framing::lines ? lines(bytes) : decoder_.feed(bytes, pending_);
  if (!fed) return fail(ErrorCode::protocol, fed.error().message);
  return events(deltas);
}

Result<> ReplyReader::lines(std::string_view bytes) {
  while (!bytes.empty()) {
    const std::size_t end = std::min(bytes.find('\n'), bytes.size());
    if (body_.size() + end > limits::kSseEventBytes)
      return fail(ErrorCode::too_large,
                  fmt::format("one line of the stream is larger than {} bytes", limits::kSseEventBytes));
    body_.append(bytes.substr(0, end));
    if (end == bytes.size()) break;
    pending_.push_back({"", std::exchange(body_, {})});
    bytes.remove_prefix(end + 1);
  }
  return {};
}

Result<> ReplyReader::events(std::vector<ReplyDelta>& deltas) {
  any_event_ = any_event_ || !pending_.empty();
  for (const SseEvent& each : pending_) {
    if (done_) break;
    if (auto read = one(each, deltas); !read) return read;
    if (bytes() > bytes_max_)
      return fail(ErrorCode::protocol, fmt::format("the reply is larger than {} bytes", bytes_max_));
  }
  pending_.clear();
  return {};
}

Result<> ReplyReader::one(const SseEvent& each, std::vector<ReplyDelta>& deltas) {
  std::string_view data = each.data;
  while (!data.empty() && (data.back() == ' ' || data.back() == '\n' || data.back() == '\r'))
    data.remove_suffix(1);
  if (data.empty()) return {};
  return event(each.event, data, deltas);
}

Result<Json> ReplyReader::object_of(std::string_view data) {
  auto parsed = parse_json(data);
  if (!parsed)
    return fail(ErrorCode::protocol, fmt::format("an event of the stream is no JSON ({}): {}",
                                                 parsed.error().message, beginning(data)));
  if (!parsed->is_object())
    return fail(ErrorCode::protocol, fmt::format("an event of the stream is no object: {}", beginning(data)));
  return parsed;
}

void ReplyReader::finished(FinishReason reason) {
  has_finish_ = true;
  reply_.finish = reason;
}

void ReplyReader::add(ReplyDelta::Kind kind, std::string text, std::vector<ReplyDelta>& deltas) {
  if (text.empty()) return;
  (kind == ReplyDelta::Kind::text ? reply_.text : reply_.reasoning) += text;
  if (!deltas.empty() && deltas.back().kind == kind)
    deltas.back().text += text;  // what arrived together goes on together
  else
    deltas.push_back({kind, std::move(text)});
}

Result<> ReplyReader::whole(std::vector<ReplyDelta>& deltas) {
  auto parsed = parse_json(body_);
  if (!parsed)
    return fail(ErrorCode::protocol,
                fmt::format("the answer is no JSON ({}): {}", parsed.error().message, beginning(body_)));
  if (auto read = document(*parsed, deltas); !read) return read;
  done_ = true;
  return {};
}

Result<ModelReply> ReplyReader::finish(std::vector<ReplyDelta>& deltas) {
  if (form_ == Form::json) {
    if (auto read = whole(deltas); !read) return fail(std::move(read.error()));
  } else if (framing_ == Framing::lines) {
    if (auto read = one({"", std::exchange(body_, {})}, deltas); !done_ && !read)
      return fail(std::move(read.error()));
  } else if (auto last = decoder_.finish(); last && !done_) {
    any_event_ = true;
    if (auto read = one(*last, deltas); !read) return fail(std::move(read.error()));
  }
  if (!complete()) {
    if (!any_event_ && !opening_.empty())
      return fail(ErrorCode::protocol,
                  fmt::format("the answer is neither JSON nor an event stream: {}", opening_));
    Error cut{ErrorCode::network, bytes() ? "the answer ended in the middle" : "the answer was empty"};
    cut.retryable = true;
    return fail(std::move(cut));
  }
  return take();
}

ModelReply ReplyReader::closed_early() {
  ModelReply reply = take();
  reply.finish = FinishReason::closed_early;
  return reply;
}

ModelReply ReplyReader::take() {
  ModelReply reply = std::move(reply_);
  if (!has_finish_) reply.finish = FinishReason::stop;
  complete_reply(reply);
  if (!reply.tool_calls.empty() && reply.finish == FinishReason::stop)
    reply.finish = FinishReason::tool_calls;
  return reply;
}

std::int64_t count_of(const Json& object, std::string_view key) {
  const Json* value = find(object, key);
  if (!value || !value->is_number()) return 0;
  double number = value->get<double>();
  return number > 0 && number < 1e15 ? static_cast<std::int64_t>(number) : 0;
}

}  // namespace troupe::models
