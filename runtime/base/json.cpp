#include "runtime/base/json.h"

#include <unordered_set>
#include <vector>

#include <fmt/format.h>

namespace troupe {

namespace {

/// Members of one object. Our objects keep their order by looking through their members, so that building one
/// takes quadratic time: a message of a megabyte could hold up the loop for seconds.
constexpr std::size_t kMembersMax = 1'024;

// Watches the parse events and builds nothing: depth and duplicate keys are checked before a tree exists.
class Guard {
 public:
  using number_integer_t = Json::number_integer_t;
  using number_unsigned_t = Json::number_unsigned_t;
  using number_float_t = Json::number_float_t;
  using string_t = Json::string_t;
  using binary_t = Json::binary_t;

  explicit Guard(std::size_t depth_max) : depth_max_(depth_max) {}

  bool null() { return true; }
  bool boolean(bool) { return true; }
  bool number_integer(number_integer_t) { return true; }
  bool number_unsigned(number_unsigned_t) { return true; }
  bool number_float(number_float_t, const string_t&) { return true; }
  bool string(string_t&) { return true; }
  bool binary(binary_t&) { return true; }

  bool start_object(std::size_t) { return descend(); }
  bool end_object() { return ascend(); }
  bool start_array(std::size_t) { return descend(); }
  bool end_array() { return ascend(); }

  bool key(string_t& name) {
    auto& keys = keys_[depth_ - 1];
    if (keys.size() >= kMembersMax) {  // our objects keep their order, so that building one is quadratic
      problem = fmt::format("an object has more than {} members", kMembersMax);
      return false;
    }
    if (keys.insert(name).second) return true;
    problem = fmt::format("duplicate key `{}`", name);
    return false;
  }

  template <class Exception>
  bool parse_error(std::size_t offset, const std::string& last_token, const Exception&) {
    problem = fmt::format("offset {}: not valid JSON near `{}`", offset, last_token.substr(0, 40));
    return false;
  }

  std::string problem;

 private:
  bool descend() {
    if (++depth_ > depth_max_) {
      problem = fmt::format("nested deeper than {} levels", depth_max_);
      return false;
    }
    if (keys_.size() < depth_) keys_.emplace_back();
    keys_[depth_ - 1].clear();
    return true;
  }
  bool ascend() { return --depth_, true; }

  std::size_t depth_max_;
  std::size_t depth_ = 0;
  std::vector<std::unordered_set<std::string>> keys_;
};

}  // namespace

Result<Json> parse_json(std::string_view text, std::size_t depth_max, std::size_t bytes_max) {
  if (text.size() > bytes_max)
    return fail(ErrorCode::too_large,
                fmt::format("JSON of {} bytes; at most {} are read", text.size(), bytes_max));
  Guard guard(depth_max);
  if (!Json::sax_parse(text.begin(), text.end(), &guard))
    return fail(ErrorCode::invalid, guard.problem.empty() ? "not valid JSON" : guard.problem);
  return Json::parse(text.begin(), text.end(), nullptr, false);
}

std::string dump(const Json& value) {
  return value.dump(-1, ' ', false, Json::error_handler_t::replace);
}
std::string dump_pretty(const Json& value) {
  return value.dump(2, ' ', false, Json::error_handler_t::replace);
}

namespace {
bool plain(unsigned char c) {
  return c >= 0x20 && c < 0x80 && c != '"' && c != '\\';
}
}  // namespace

void append_quoted(std::string& out, std::string_view text) {
  std::size_t run = 0;
  while (run < text.size() && plain(static_cast<unsigned char>(text[run]))) ++run;
  if (run == text.size()) {  // the usual case, ASCII without escapes, costs one copy
    out += '"';
    out += text;
    out += '"';
    return;
  }
  out += Json(text).dump(-1, ' ', false, Json::error_handler_t::replace);
}

const Json* find(const Json& value, std::string_view key) {
  if (!value.is_object()) return nullptr;
  auto it = value.find(key);
  return it == value.end() ? nullptr : &*it;
}

std::string string_or(const Json& value, std::string_view key, std::string_view fallback) {
  const Json* member = find(value, key);
  return member && member->is_string() ? member->get<std::string>() : std::string(fallback);
}

}  // namespace troupe
