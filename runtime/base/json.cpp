#include "runtime/base/json.h"

#include "runtime/base/utf8.h"

#include <charconv>
#include <unordered_set>
#include <utility>
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

namespace {

// Escapes as nlohmann's writer does, which would look at every byte through a table of UTF-8 states: most of
// what is written is plain ASCII, and several kilobytes of it a step.
bool plain(unsigned char c) {
  return c >= 0x20 && c < 0x80 && c != '"' && c != '\\';
}

void append_escape(std::string& out, unsigned char c) {
  constexpr char kHex[] = "0123456789abcdef";
  switch (c) {
    case '"':
      out += "\\\"";
      return;
    case '\\':
      out += "\\\\";
      return;
    case '\b':
      out += "\\b";
      return;
    case '\f':
      out += "\\f";
      return;
    case '\n':
      out += "\\n";
      return;
    case '\r':
      out += "\\r";
      return;
    case '\t':
      out += "\\t";
      return;
    default:
      out += "\\u00";
      out += kHex[c >> 4];
      out += kHex[c & 15];
  }
}

void append_number(std::string& out, const Json& value) {
  char text[24];
  std::to_chars_result end{};
  if (value.is_number_unsigned())
    end = std::to_chars(text, text + sizeof text, *value.get_ptr<const Json::number_unsigned_t*>());
  else if (value.is_number_integer())
    end = std::to_chars(text, text + sizeof text, *value.get_ptr<const Json::number_integer_t*>());
  else
    return void(out += value.dump());  // the shortest form that reads back the same, which is an art
  out.append(text, end.ptr);
}

template <class Container, class Append>
void append_list(std::string& out, const Container& items, char open, char close, Append append) {
  out += open;
  bool first = true;
  for (const auto& item : items) {
    if (!std::exchange(first, false)) out += ',';
    append(item);
  }
  out += close;
}

void append_value(std::string& out, const Json& value) {
  switch (value.type()) {
    case Json::value_t::object:
      return append_list(out, *value.get_ptr<const Json::object_t*>(), '{', '}', [&](const auto& member) {
        append_quoted(out, member.first);
        out += ':';
        append_value(out, member.second);
      });
    case Json::value_t::array:
      return append_list(out, *value.get_ptr<const Json::array_t*>(), '[', ']',
                         [&](const Json& item) { append_value(out, item); });
    case Json::value_t::string:
      return append_quoted(out, *value.get_ptr<const std::string*>());
    case Json::value_t::boolean:
      out += value.get<bool>() ? "true" : "false";
      return;
    case Json::value_t::number_integer:
    case Json::value_t::number_unsigned:
    case Json::value_t::number_float:
      return append_number(out, value);
    case Json::value_t::null:
      out += "null";
      return;
    default:
      out += value.dump(-1, ' ', false, Json::error_handler_t::replace);
  }
}

}  // namespace

std::string dump(const Json& value) {
  std::string out;
  append_value(out, value);
  return out;
}
std::string dump_pretty(const Json& value) {
  return value.dump(2, ' ', false, Json::error_handler_t::replace);
}

void append_quoted(std::string& out, std::string_view text) {
  const std::size_t begin = out.size();
  out += '"';
  for (std::size_t at = 0; at < text.size();) {
    std::size_t run = at;
    while (run < text.size()) {
      const auto c = static_cast<unsigned char>(text[run]);
      if (plain(c)) {
        ++run;
        continue;
      }
      const std::size_t bytes = c < 0x80 ? 0 : utf8_character(text, run);
      if (bytes == 0) break;
      run += bytes;
    }
    out.append(text, at, run - at);
    if (run == text.size()) break;
    if (const auto c = static_cast<unsigned char>(text[run]); c < 0x80) {
      append_escape(out, c);
    } else {  // not UTF-8: what it becomes is one library's decision, not ours beside it
      out.resize(begin);
      out += Json(text).dump(-1, ' ', false, Json::error_handler_t::replace);
      return;
    }
    at = run + 1;
  }
  out += '"';
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
