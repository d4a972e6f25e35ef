#include "runtime/net/curl_answer.h"

#include "runtime/base/ascii.h"
#include "runtime/base/limits.h"
#include "runtime/net/http_rules.h"

#include <algorithm>
#include <charconv>

namespace troupe::net {
namespace {

// What we read of a redirect's body to keep its connection; a longer one costs the connection instead.
constexpr std::size_t kRedirectBody = 64u << 10;

// What is kept of a body before it is handed over; one call of libcurl may bring more than a megabyte.
constexpr std::size_t kNewsBytes = 64u << 10;
constexpr std::size_t kNewsRoom = 4u << 10;  // what it begins with

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() &&
         (text.back() == ' ' || text.back() == '\t' || text.back() == '\r' || text.back() == '\n'))
    text.remove_suffix(1);
  return text;
}

}  // namespace

void CurlAnswer::start(Terms terms) {
  terms_ = terms;
  head_ = HttpHead();
  complete_ = redirect_ = false;
  verdict_ = Verdict::fine;
  thrown_ = nullptr;
  head_bytes_ = body_bytes_ = 0;
  news_ = std::string();  // an idle transfer keeps no memory for it
}

bool CurlAnswer::stop(Verdict verdict) {
  verdict_ = verdict;
  return false;
}

bool CurlAnswer::on_header_line(std::string_view line) {
  head_bytes_ += line.size();
  if (head_bytes_ > limits::kAnswerHeadBytes) return stop(Verdict::head_too_large);
  if (complete_) return true;  // trailers: counted, not kept
  if (line.starts_with("HTTP/")) {
    on_status_line(line);
    return true;
  }
  if (trimmed(line).empty()) return head_.status / 100 == 1 || on_head_end();
  on_field(line);
  return true;
}

/// Also the second status line after "100 Continue": each begins a head of its own.
void CurlAnswer::on_status_line(std::string_view line) {
  head_.headers.clear();
  head_.status = 0;
  const auto space = line.find(' ');
  if (space == line.npos) return;
  line.remove_prefix(space + 1);
  std::from_chars(line.data(), line.data() + std::min<std::size_t>(line.size(), 3), head_.status);
}

void CurlAnswer::on_field(std::string_view line) {
  if ((line.front() == ' ' || line.front() == '\t') && !head_.headers.empty()) {  // folded, RFC 9112 5.2
    head_.headers.back().second += " ";
    head_.headers.back().second += trimmed(line);
    return;
  }
  const auto colon = line.find(':');
  if (colon == line.npos) return;
  std::string name = lower(trimmed(line.substr(0, colon)));
  head_.headers.emplace_back(std::move(name), trimmed(line.substr(colon + 1)));
}

bool CurlAnswer::has_body() const {
  return !terms_.bodyless && head_.status != 204 && head_.status != 304;
}

bool CurlAnswer::ends_with_connection() const {
  return complete_ && has_body() && head_.header("content-length").empty() &&
         head_.header("transfer-encoding").empty();
}

bool CurlAnswer::on_head_end() {
  complete_ = true;
  redirect_ = terms_.follow && is_redirect(head_.status) && !head_.header("location").empty();
  if (redirect_) return true;
  const auto announced = head_.header("content-length");
  std::size_t length = 0;
  std::from_chars(announced.data(), announced.data() + announced.size(), length);
  if (has_body() && length > terms_.body_max && head_.header("content-encoding").empty())
    return stop(Verdict::body_too_large);
  try {
    return terms_.sink->on_head(head_) || stop(Verdict::sink_closed);
  } catch (...) {
    thrown_ = std::current_exception();  // must not cross libcurl; thrown again in the caller's coroutine
    return stop(Verdict::sink_threw);
  }
}

bool CurlAnswer::on_body(std::string_view bytes) {
  body_bytes_ += bytes.size();
  if (redirect_) return body_bytes_ <= kRedirectBody || stop(Verdict::redirect_read);
  if (body_bytes_ > terms_.body_max) return hand_over() && stop(Verdict::body_too_large);
  if (news_.capacity() < kNewsRoom) news_.reserve(kNewsRoom);
  news_ += bytes;
  return news_.size() < kNewsBytes || hand_over();
}

bool CurlAnswer::hand_over() {
  if (news_.empty()) return true;
  try {
    const bool goes_on = terms_.sink->on_data(news_);
    news_.clear();
    return goes_on || stop(Verdict::sink_closed);
  } catch (...) {
    news_.clear();
    thrown_ = std::current_exception();
    return stop(Verdict::sink_threw);
  }
}

}  // namespace troupe::net
