#include "models/trial/finding.h"

#include "models/builtin/utf8.h"
#include "runtime/base/json.h"

#include <algorithm>

namespace troupe::models {

namespace {

constexpr std::size_t kQuotedBytes = 60;

// What to do when nothing answered as the provider's API would.
std::string advice(const Error& error) {
  switch (error.code) {
    case ErrorCode::network:
      return "; does the server run, and is `base_url` (or `network.proxy`) right?";
    case ErrorCode::timeout:
      return "; a server that loads its model may need longer: try again, or set `timeout`";
    case ErrorCode::protocol:
      return "; is `base_url` the API's, and `provider` the one it speaks?";
    default:
      return "";
  }
}

}  // namespace

std::string_view word(Finding::Verdict verdict) {
  if (verdict == Finding::Verdict::works) return "works";
  return verdict == Finding::Verdict::fails ? "fails" : "absent";
}

bool all_work(const Findings& findings) {
  return std::ranges::none_of(findings,
                              [](const Finding& f) { return f.verdict == Finding::Verdict::fails; });
}

Findings from_first_error(const std::string& what, const Error& error) {
  const bool answered =
      error.status != 0 || error.code == ErrorCode::model || error.code == ErrorCode::too_large;
  if (!answered) return {{"connection", Finding::Verdict::fails, error.message + advice(error)}};
  return {{"connection", Finding::Verdict::works, "the server answered"},
          {what, Finding::Verdict::fails, error.message}};
}

std::string shown_line(std::string_view text) {
  std::string line(builtin::clip(builtin::trim(text), kQuotedBytes));
  std::ranges::replace_if(line, [](unsigned char c) { return c < ' ' || c == 0x7F; }, ' ');
  if (line.size() < builtin::trim(text).size()) line += "…";
  std::string out;
  append_quoted(out, line);
  return out;
}

}  // namespace troupe::models
