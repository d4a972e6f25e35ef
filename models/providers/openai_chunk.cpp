#include "models/providers/openai_chunk.h"

#include "runtime/base/json.h"

#include <utility>

#include <nlohmann/json.hpp>

namespace troupe::models {

namespace {

// Follows the parse events through root → choices → one choice → delta, and gives up at what it does not
// expect.
class Reader {
 public:
  using number_integer_t = Json::number_integer_t;
  using number_unsigned_t = Json::number_unsigned_t;
  using number_float_t = Json::number_float_t;
  using string_t = Json::string_t;
  using binary_t = Json::binary_t;

  TextChunk chunk;

  bool null() { return true; }
  bool boolean(bool) { return plain(); }
  bool number_integer(number_integer_t) { return plain(); }
  bool number_unsigned(number_unsigned_t value) {
    if (in_choice() && key_ == Key::index) return value == 0;
    return plain();
  }
  bool number_float(number_float_t, const string_t&) { return plain(); }
  bool binary(binary_t&) { return false; }

  bool string(string_t& value) {
    if (skipping_) return true;
    switch (key_) {
      case Key::content:
        if (in_delta()) return take(chunk.content, value);
        break;
      case Key::reasoning:
        // Some send the same text under both names.
        if (in_delta()) return chunk.reasoning.empty() ? take(chunk.reasoning, value) : true;
        break;
      case Key::finish:
        if (in_choice()) return take(chunk.finish_reason, value);
        break;
      case Key::model:
        if (depth_ == 1) return take(chunk.model, value);
        break;
      default:
        break;
    }
    return plain();
  }

  bool key(string_t& name) {
    if (!skipping_) key_ = of(name);
    return true;
  }

  bool start_object(std::size_t) {
    if (skipping_) return ++skipping_, true;
    bool expected =
        depth_ == 0 || (depth_ == 2 && in_choices_ && ++choices_ == 1) || (depth_ == 3 && key_ == Key::delta);
    if (depth_ == 2 && in_choices_ && choices_ > 1) return false;
    if (expected) {
      if (depth_ == 3) in_delta_ = true;
      ++depth_;
      key_ = Key::other;
      return true;
    }
    return skip();
  }
  bool end_object() {
    if (skipping_) return --skipping_, true;
    if (depth_ == 4) in_delta_ = false;
    --depth_;
    key_ = Key::other;
    return true;
  }
  bool start_array(std::size_t) {
    if (skipping_) return ++skipping_, true;
    if (depth_ == 1 && key_ == Key::choices) {
      in_choices_ = true;
      ++depth_;
      return true;
    }
    return skip();
  }
  bool end_array() {
    if (skipping_) return --skipping_, true;
    in_choices_ = false;
    --depth_;
    key_ = Key::other;
    return true;
  }
  template <class Exception>
  bool parse_error(std::size_t, const std::string&, const Exception&) {
    return false;
  }

 private:
  enum class Key { other, ignored, choices, index, delta, content, reasoning, finish, model };

  static Key of(std::string_view name) {
    if (name == "choices") return Key::choices;
    if (name == "index") return Key::index;
    if (name == "delta") return Key::delta;
    if (name == "content") return Key::content;
    if (name == "reasoning_content" || name == "reasoning") return Key::reasoning;
    if (name == "finish_reason") return Key::finish;
    if (name == "model") return Key::model;
    // What may stand in a text chunk with any value and says nothing to us.
    for (std::string_view harmless :
         {"role", "id", "object", "created", "logprobs", "system_fingerprint", "service_tier", "obfuscation",
          "content_filter_results", "prompt_filter_results", "provider", "native_finish_reason",
          "stop_reason", "channel", "reasoning_details", "token_ids", "prompt_token_ids", "matched_stop"})
      if (name == harmless) return Key::ignored;
    return Key::other;  // usage, error, tool_calls, message, refusal, x_groq, …: fine only when null
  }

  bool in_choice() const { return depth_ == 3; }
  bool in_delta() const { return depth_ == 4 && in_delta_; }
  bool plain() const { return skipping_ || key_ == Key::ignored; }
  bool skip() {
    if (key_ != Key::ignored) return false;
    skipping_ = 1;
    return true;
  }
  static bool take(std::string& to, string_t& value) { return to = std::move(value), true; }

  int depth_ = 0;
  int skipping_ = 0;
  int choices_ = 0;
  bool in_choices_ = false;
  bool in_delta_ = false;
  Key key_ = Key::other;
};

constexpr std::string_view kContent = "\"content\":\"";

// Where the JSON string that begins at `at` is closed; npos when it is not.
std::size_t closing_quote(std::string_view json, std::size_t at) {
  for (; at < json.size(); ++at) {
    if (json[at] == '"') return at;
    if (json[at] == '\\') ++at;
  }
  return std::string_view::npos;
}

// What one escape of two characters stands for; 0 for \u and for what is none.
char unescaped(char c) {
  switch (c) {
    case '"':
    case '\\':
    case '/':
      return c;
    case 'b':
      return '\b';
    case 'f':
      return '\f';
    case 'n':
      return '\n';
    case 'r':
      return '\r';
    case 't':
      return '\t';
    default:
      return 0;
  }
}

// What a JSON string says, given between its quotes. Models that write JSON escape in every third chunk, so
// ASCII is read here; the rest is left to the parser.
std::optional<std::string> literal(std::string_view inner) {
  auto plain = [](unsigned char c) { return c >= ' ' && c < 0x80 && c != '\\' && c != '"'; };
  std::string text;
  text.reserve(inner.size());
  std::size_t at = 0;
  for (; at < inner.size(); ++at) {
    if (plain(static_cast<unsigned char>(inner[at]))) {
      text += inner[at];
      continue;
    }
    const char meant = inner[at] == '\\' && at + 1 < inner.size() ? unescaped(inner[at + 1]) : '\0';
    if (!meant) break;
    text += meant;
    ++at;
  }
  if (at >= inner.size()) return text;
  if (closing_quote(inner, 0) != std::string_view::npos) return std::nullopt;
  auto value = parse_json('"' + std::string(inner) + '"');
  if (!value || !value->is_string()) return std::nullopt;
  return std::move(value->get_ref<std::string&>());
}

}  // namespace

std::optional<TextChunk> TextChunkReader::read(std::string_view json) {
  if (!before_.empty() && json.size() >= before_.size() + after_.size() && json.starts_with(before_) &&
      json.ends_with(after_)) {
    std::string_view inner = json.substr(before_.size(), json.size() - before_.size() - after_.size());
    if (auto content = literal(inner)) {
      TextChunk chunk;
      chunk.content = std::move(*content);
      return chunk;
    }
  }
  auto chunk = read_text_chunk(json);
  if (chunk && !chunk->content.empty() && chunk->reasoning.empty() && chunk->finish_reason.empty())
    learn(json, chunk->content);
  return chunk;
}

void TextChunkReader::learn(std::string_view json, std::string_view content) {
  const std::size_t at = json.find(kContent);
  if (at == std::string_view::npos) return;
  const std::size_t begin = at + kContent.size();
  const std::size_t end = closing_quote(json, begin);
  if (json.find(kContent, begin) != std::string_view::npos) return;  // which of them is the text?
  if (end == std::string_view::npos || literal(json.substr(begin, end - begin)) != content) return;
  before_ = json.substr(0, begin);
  after_ = json.substr(end);
}

std::optional<TextChunk> read_text_chunk(std::string_view json) {
  if (json.empty() || json.front() != '{') return std::nullopt;
  Reader reader;
  if (!Json::sax_parse(json.begin(), json.end(), &reader)) return std::nullopt;
  return std::move(reader.chunk);
}

}  // namespace troupe::models
