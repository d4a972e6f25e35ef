#include "models/sse.h"

#include <algorithm>
#include <charconv>

#include <fmt/format.h>

namespace troupe::models {

namespace {
constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";
}

Result<> SseDecoder::feed(std::string_view bytes, std::vector<SseEvent>& events) {
  // The next of each line end, looked for again only when it was passed: linear, and at memchr's speed.
  std::size_t lf = bytes.find('\n');
  std::size_t cr = bytes.find('\r');
  for (std::size_t at = 0; at < bytes.size();) {
    if (after_cr_) {
      after_cr_ = false;
      if (bytes[at] == '\n') ++at;
      continue;
    }
    if (lf < at) lf = bytes.find('\n', at);
    if (cr < at) cr = bytes.find('\r', at);
    const std::size_t end = std::min(lf, cr);
    const std::string_view piece = bytes.substr(at, end == std::string_view::npos ? end : end - at);
    if (partial_.size() + data_.size() + piece.size() > event_bytes_max_)
      return fail(ErrorCode::too_large,
                  fmt::format("one event of the stream is larger than {} bytes", event_bytes_max_));
    if (end == std::string_view::npos) {
      partial_.append(piece);
      return {};
    }
    after_cr_ = bytes[end] == '\r';
    if (partial_.empty()) {
      line(piece, events);  // the usual case: a line within one chunk is not copied
    } else {
      partial_.append(piece);
      std::string whole = std::move(partial_);
      partial_.clear();
      line(whole, events);
    }
    at = end + 1;
  }
  return {};
}

std::optional<SseEvent> SseDecoder::finish() {
  std::vector<SseEvent> events;
  if (!partial_.empty()) {
    std::string last = std::move(partial_);
    partial_.clear();
    line(last, events);
  }
  dispatch(events);
  if (events.empty()) return std::nullopt;
  return std::move(events.front());
}

void SseDecoder::line(std::string_view text, std::vector<SseEvent>& events) {
  if (at_start_) {
    at_start_ = false;
    if (text.starts_with(kByteOrderMark)) text.remove_prefix(kByteOrderMark.size());
  }
  if (text.empty()) return dispatch(events);
  std::size_t colon = text.find(':');
  if (colon == 0) return;  // a comment
  if (colon == std::string_view::npos) return field(text, {});
  std::string_view value = text.substr(colon + 1);
  if (value.starts_with(' ')) value.remove_prefix(1);
  field(text.substr(0, colon), value);
}

void SseDecoder::field(std::string_view name, std::string_view value) {
  if (name == "data") {
    if (has_data_) data_ += '\n';
    data_.append(value);
    has_data_ = true;
  } else if (name == "event") {
    type_ = value;
  } else if (name == "id") {
    if (value.find('\0') == std::string_view::npos) last_event_id_ = value;
  } else if (name == "retry") {
    long long milliseconds = 0;
    auto [rest, problem] = std::from_chars(value.data(), value.data() + value.size(), milliseconds);
    bool digits = problem == std::errc() && rest == value.data() + value.size() && value.front() != '-';
    if (digits) retry_ = std::chrono::milliseconds(milliseconds);
  }
}

void SseDecoder::dispatch(std::vector<SseEvent>& events) {
  // A block without a data line only resets the type.
  if (has_data_) events.push_back({std::move(type_), std::move(data_)});
  type_.clear();
  data_.clear();
  has_data_ = false;
}

}  // namespace troupe::models
