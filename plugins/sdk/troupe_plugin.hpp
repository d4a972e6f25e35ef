// A plugin in C++: needs C++20 and troupe_plugin.h on the include path, and nothing else.
//
//   #include "troupe_plugin.hpp"
//
//   TROUPE_TOOL(greet, "Greets somebody", R"({"type": "object", "required": ["name"],
//               "properties": {"name": {"type": "string"}}})", troupe::pure) {
//     return "Hello, " + call.text("name") + "!";   // what the agent reads; or throw
//   }
//   TROUPE_PLUGIN("greet", "1.0", "An example")
//
// A language model, and what turns texts into vectors:
//
//   TROUPE_MODEL(echo, "Says what it is told", "") {
//     call.part("You said: ");                      // streamed
//     call.part(call.messages().back().text);
//     return {};                                    // the parts are the answer; or a text, or calls of tools
//   }
//   TROUPE_EMBEDDER(lengths, "How long a text is", "1") {
//     troupe::Vectors vectors(2);
//     for (const std::string& text : call.texts()) {
//       float* row = vectors.add();
//       row[0] = 1, row[1] = static_cast<float>(text.size());
//     }
//     return vectors;
//   }
//
// Exceptions end the call with their text and never leave the plugin. Build it with -fvisibility=hidden.
#ifndef TROUPE_PLUGIN_HPP
#define TROUPE_PLUGIN_HPP

#include "troupe_plugin.h"

#include <charconv>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <exception>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace troupe {

inline constexpr std::uint32_t at_most_once = TROUPE_AT_MOST_ONCE;
inline constexpr std::uint32_t idempotent = TROUPE_IDEMPOTENT;
inline constexpr std::uint32_t pure = TROUPE_PURE;

/// Ends a call with a status of one's own choice: throw troupe::Failure(TROUPE_INVALID, "no such city").
class Failure : public std::runtime_error {
 public:
  Failure(troupe_status status, const std::string& text) : std::runtime_error(text), status_(status) {}
  explicit Failure(const std::string& text) : Failure(TROUPE_FAILED, text) {}
  troupe_status status() const { return status_; }

 private:
  troupe_status status_;
};

/// What came of Call::fetch().
struct HttpAnswer {
  int status = 0;
  std::vector<std::pair<std::string, std::string>> headers;  ///< names in lower case
  std::string body;
};

using Headers = std::vector<std::pair<std::string, std::string>>;

// Hidden, so that two plugins in one process do not share what is static here.
namespace __attribute__((visibility("hidden"))) detail {

  inline troupe_span span(std::string_view text) {
    return {text.data(), text.size()};
  }
  inline std::string_view view(troupe_span span) {
    return span.data ? std::string_view(span.data, span.size) : std::string_view();
  }

  /// Walks through JSON text that is known to be valid, as what the daemon hands over is.
  class JsonWalk {
   public:
    explicit JsonWalk(std::string_view text) : text_(text) { space(); }

    char peek() const { return text_.empty() ? '\0' : text_.front(); }
    /// Whether the next character is `c`, which is taken then.
    bool take(char c) {
      if (peek() != c) return false;
      text_.remove_prefix(1);
      space();
      return true;
    }
    std::string string() {
      std::string value;
      text_.remove_prefix(1);
      while (peek() != '"' && !text_.empty()) value += peek() == '\\' ? escape() : one();
      take('"');
      return value;
    }
    /// A value of any kind, as its text.
    std::string_view value() {
      const std::string_view whole = text_;
      skip();
      return whole.substr(0, whole.size() - text_.size());
    }

   private:
    void space() {
      while (!text_.empty() && std::string_view(" \t\r\n").find(text_.front()) != std::string_view::npos)
        text_.remove_prefix(1);
    }
    std::string one() {
      const char c = peek();
      text_.remove_prefix(1);
      return std::string(1, c);
    }
    unsigned hex() {
      unsigned value = 0;
      const std::string_view digits = text_.substr(0, 4);
      std::from_chars(digits.data(), digits.data() + digits.size(), value, 16);
      text_.remove_prefix(digits.size());
      return value;
    }
    std::string escape() {
      text_.remove_prefix(1);
      const char kind = one().front();
      if (kind != 'u') {
        static constexpr std::string_view from = "bfnrt", to = "\b\f\n\r\t";
        const std::size_t at = from.find(kind);
        return std::string(1, at == std::string_view::npos ? kind : to[at]);
      }
      unsigned code = hex();
      if (code >= 0xd800 && code < 0xdc00 && text_.substr(0, 2) == "\\u") {
        text_.remove_prefix(2);
        code = 0x10000 + ((code - 0xd800) << 10) + (hex() - 0xdc00);
      }
      std::string utf8;
      if (code < 0x80) return std::string(1, static_cast<char>(code));
      if (code < 0x800) {
        utf8 += static_cast<char>(0xc0 | code >> 6);
      } else {
        if (code < 0x10000) {
          utf8 += static_cast<char>(0xe0 | code >> 12);
        } else {
          utf8 += static_cast<char>(0xf0 | code >> 18);
          utf8 += static_cast<char>(0x80 | (code >> 12 & 0x3f));
        }
        utf8 += static_cast<char>(0x80 | (code >> 6 & 0x3f));
      }
      return utf8 += static_cast<char>(0x80 | (code & 0x3f));
    }
    void skip() {
      int depth = 0;
      do {
        if (peek() == '"') {
          string();
        } else if (peek() == '{' || peek() == '[') {
          ++depth;
          take(peek());
        } else if (peek() == '}' || peek() == ']') {
          --depth;
          take(peek());
        } else if (peek() == ',' || peek() == ':') {
          take(peek());
        } else {
          while (!text_.empty() && std::string_view(",:]}[{\" \t\r\n").find(peek()) == std::string_view::npos)
            text_.remove_prefix(1);
          space();
        }
      } while (depth > 0 && !text_.empty());
    }

    std::string_view text_;
  };

  /// The member `name` of a JSON object, as JSON text; nothing when it is absent.
  inline std::optional<std::string_view> member(std::string_view object, std::string_view name) {
    JsonWalk walk(object);
    if (!walk.take('{')) return std::nullopt;
    while (walk.peek() == '"') {
      const std::string key = walk.string();
      walk.take(':');
      const std::string_view value = walk.value();
      if (key == name) return value;
      walk.take(',');
    }
    return std::nullopt;
  }

  /// The member `name` of a JSON object where it is a text.
  inline std::string member_text(std::string_view object, std::string_view name,
                                 std::string_view fallback = {}) {
    const auto value = member(object, name);
    return value && value->starts_with('"') ? JsonWalk(*value).string() : std::string(fallback);
  }

  /// The elements of the JSON array that is the member `name` of an object, as JSON text; none when it is
  /// absent.
  inline std::vector<std::string_view> elements(std::string_view object, std::string_view name) {
    std::vector<std::string_view> all;
    const auto list = member(object, name);
    if (!list) return all;
    JsonWalk walk(*list);
    if (!walk.take('[')) return all;
    while (walk.peek() != ']' && walk.peek() != '\0') {
      all.push_back(walk.value());
      walk.take(',');
    }
    return all;
  }

  /// What init() was given.
  struct Plugged {
    const troupe_host* host = nullptr;
    const troupe_calls* calls = nullptr;
    const troupe_log* log = nullptr;
    const troupe_http* http = nullptr;
    std::string config = "{}";
  };
  inline Plugged& plugged() {
    static Plugged one;
    return one;
  }

}  // namespace detail

/// The configuration of the plugin (`config:`), as JSON text; valid against the plugin's schema.
inline std::string_view config() {
  return detail::plugged().config;
}
/// One member of it that is a text.
inline std::string config_text(std::string_view name, std::string_view fallback = {}) {
  return detail::member_text(config(), name, fallback);
}

/// One member of it that is a number.
inline double config_number(std::string_view name, double fallback = 0) {
  const auto value = detail::member(config(), name);
  double number = fallback;
  if (value) std::from_chars(value->data(), value->data() + value->size(), number);
  return number;
}

/// A line for the daemon's log.
inline void log(std::int32_t level, std::string_view text) noexcept {
  const detail::Plugged& host = detail::plugged();
  if (host.log) host.log->write(host.host, level, detail::span(text));
}

/// A call that is being carried out. Its views are valid until the body returns.
class Call {
 public:
  explicit Call(troupe_call* call) : call_(call) {}

  /// The arguments: JSON text, valid against the tool's schema.
  std::string_view input() const { return detail::view(calls().input(call_)); }
  /// Members of the input, for tools that need no more than that. A member that is absent or of another type
  /// is the fallback.
  std::string text(std::string_view name, std::string_view fallback = {}) const {
    return detail::member_text(input(), name, fallback);
  }
  double number(std::string_view name, double fallback = 0) const {
    const auto value = detail::member(input(), name);
    double number = fallback;
    if (value) std::from_chars(value->data(), value->data() + value->size(), number);
    return number;
  }
  bool flag(std::string_view name, bool fallback = false) const {
    const auto value = detail::member(input(), name);
    return value && (*value).starts_with('t') ? true : value && (*value).starts_with('f') ? false : fallback;
  }
  std::string_view body() const { return detail::view(calls().body(call_)); }
  /// An idempotency key to hand on.
  std::string_view key() const { return detail::view(calls().key(call_)); }
  /// Milliseconds.
  std::uint64_t time_left() const { return calls().time_left(call_); }
  bool cancelled() const { return calls().cancelled(call_) != 0; }
  /// Ends the tool when nobody waits any more. For loops that take long.
  void check() const {
    if (cancelled()) throw Failure(TROUPE_CANCELLED, "cancelled");
  }
  void progress(std::string_view text, double fraction = -1) const {
    calls().progress(call_, detail::span(text), fraction);
  }

  /// A request by the daemon's own client, to a host that the configuration grants. Waits. Throws Failure
  /// when no answer came; a status of any kind is an answer.
  HttpAnswer fetch(std::string_view url, std::string_view method = "GET", const Headers& headers = {},
                   std::string_view body = {}) const {
    const troupe_http* http = detail::plugged().http;
    if (!http) throw Failure(TROUPE_DENIED, "no host is granted to this plugin (`grant: { hosts: […] }`)");
    std::vector<troupe_http_header> raw;
    for (const auto& [name, value] : headers) raw.push_back({detail::span(name), detail::span(value)});
    troupe_http_request request{};
    request.struct_size = TROUPE_SIZE(troupe_http_request);
    request.header_count = static_cast<std::uint32_t>(raw.size());
    request.method = detail::span(method);
    request.url = detail::span(url);
    request.headers = raw.data();
    request.body = detail::span(body);
    Fetched fetched;
    const troupe_status begun = http->fetch(call_, &request, take, &fetched);
    if (begun != TROUPE_OK) throw Failure(begun, "the request could not be made");
    if (fetched.status != TROUPE_OK) throw Failure(fetched.status, fetched.answer.body);
    return std::move(fetched.answer);
  }

 protected:
  /// As troupe_calls.part.
  troupe_status say(std::string_view text) const { return calls().part(call_, detail::span(text)); }

 private:
  struct Fetched {
    troupe_status status = TROUPE_FAILED;
    HttpAnswer answer;
  };

  static const troupe_calls& calls() { return *detail::plugged().calls; }
  static void take(void* user, const troupe_http_answer* answer) {
    auto& fetched = *static_cast<Fetched*>(user);
    fetched.status = answer->status;
    fetched.answer.status = answer->http_status;
    fetched.answer.body = std::string(detail::view(answer->body));
    for (std::uint32_t i = 0; i < answer->header_count; ++i)
      fetched.answer.headers.emplace_back(detail::view(answer->headers[i].name),
                                          detail::view(answer->headers[i].value));
  }

  troupe_call* call_;
};

/// `text` as a JSON string, with its quotes. It has to be UTF-8.
inline std::string json_text(std::string_view text) {
  static constexpr char hex[] = "0123456789abcdef";
  std::string quoted = "\"";
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') quoted += '\\';
    if (byte >= 0x20) {
      quoted += c;
    } else {
      quoted += "\\u00";
      quoted += hex[byte >> 4];
      quoted += hex[byte & 15];
    }
  }
  return quoted += '"';
}

/// A call of a tool: one that a model wants, or wanted.
struct ToolCall {
  std::string name;
  std::string arguments = "{}";  ///< JSON, an object
  std::string id = {};           ///< "": the daemon makes one up
};

/// One message of the conversation that a model is asked to go on with.
struct Message {
  std::string role;  ///< user, assistant, tool or system
  std::string text;
  std::vector<std::string> images;   ///< of a user: addresses, or data: with the bytes in base64
  std::vector<ToolCall> tool_calls;  ///< of an assistant
  std::string call;                  ///< of a tool: the id of the call that it answers
  std::string name;                  ///< of a tool: its name
  std::string state;                 ///< of an assistant: Reply::state of then, as JSON text
};

/// A tool that a model may call.
struct Tool {
  std::string name;
  std::string description;
  std::string input_schema;  ///< JSON
};

/// What a model answers. A text alone is an answer, too; without `text` the parts are.
struct Reply {
  Reply() = default;
  Reply(std::string whole) : text(std::move(whole)) {}
  Reply(const char* whole) : text(whole) {}

  std::optional<std::string> text;
  std::vector<ToolCall> tool_calls;
  std::string reasoning;
  std::string finish;              ///< stop, length, tool_calls, content_filter or other; "": what is usual
  std::int64_t input_tokens = -1;  ///< -1: nobody has counted, and the daemon estimates
  std::int64_t output_tokens = -1;
  std::string state;  ///< JSON that is wanted back with this message; "": nothing
};

/// A call of a model. What it is asked beyond this, `input()` has as JSON.
class ModelCall : public Call {
 public:
  using Call::Call;

  std::string model() const { return text("model"); }
  std::string system() const { return text("system"); }
  std::vector<Message> messages() const {
    std::vector<Message> all;
    for (const std::string_view one : detail::elements(input(), "messages")) {
      Message message{detail::member_text(one, "role"),
                      detail::member_text(one, "text"),
                      {},
                      {},
                      detail::member_text(one, "call"),
                      detail::member_text(one, "name"),
                      std::string(detail::member(one, "state").value_or(""))};
      for (const std::string_view image : detail::elements(one, "images"))
        message.images.push_back(detail::member_text(image, "url"));
      for (const std::string_view wanted : detail::elements(one, "tool_calls"))
        message.tool_calls.push_back({detail::member_text(wanted, "name"),
                                      std::string(detail::member(wanted, "arguments").value_or("{}")),
                                      detail::member_text(wanted, "id")});
      all.push_back(std::move(message));
    }
    return all;
  }
  std::vector<Tool> tools() const {
    std::vector<Tool> all;
    for (const std::string_view one : detail::elements(input(), "tools"))
      all.push_back({detail::member_text(one, "name"), detail::member_text(one, "description"),
                     std::string(detail::member(one, "input_schema").value_or("{}"))});
    return all;
  }
  /// The next piece of the text. Throws when nobody reads any more, which ends the call as it should.
  void part(std::string_view piece) const {
    if (say(piece) == TROUPE_CANCELLED) throw Failure(TROUPE_CANCELLED, "nobody reads any more");
  }
};

/// What an embedder answers: a row for each text, in their order.
class Vectors {
 public:
  /// `dimensions`: numbers of one row.
  explicit Vectors(std::size_t dimensions) : dimensions_(dimensions) {}

  /// The next row, all zero, for the caller to fill in. Valid until the next add().
  float* add() {
    values_.resize(values_.size() + dimensions_);
    return values_.data() + values_.size() - dimensions_;
  }
  /// What was read; without it the daemon estimates.
  void count(std::int64_t input_tokens) { input_tokens_ = input_tokens; }

  std::string answer() const {
    std::string json = "{\"dimensions\":" + std::to_string(dimensions_);
    if (input_tokens_ >= 0) json += ",\"usage\":{\"input_tokens\":" + std::to_string(input_tokens_) + "}";
    return json + "}";
  }
  std::string body() const {
    std::string bytes;
    bytes.reserve(values_.size() * 4);
    for (const float value : values_) {
      std::uint32_t bits;
      std::memcpy(&bits, &value, sizeof bits);
      for (int shift = 0; shift < 32; shift += 8) bytes += static_cast<char>(bits >> shift & 0xff);
    }
    return bytes;
  }

 private:
  std::size_t dimensions_;
  std::vector<float> values_;
  std::int64_t input_tokens_ = -1;
};

/// A call of an embedder.
class EmbedderCall : public Call {
 public:
  using Call::Call;

  std::vector<std::string> texts() const {
    std::vector<std::string> all;
    for (const std::string_view one : detail::elements(input(), "texts"))
      all.push_back(one.starts_with('"') ? detail::JsonWalk(one).string() : std::string());
    return all;
  }
  /// Whether the texts are what documents are searched by, not documents.
  bool query() const { return text("for") == "query"; }
  /// What the entry wants a vector to have; 0: it does not say.
  std::size_t dimensions() const { return static_cast<std::size_t>(number("dimensions")); }
};

/// What a guardrail is asked about.
class Judged {
 public:
  explicit Judged(const Call& call) : call_(call) {}
  const Call& call() const { return call_; }
  /// An agent's answer; else a user's message.
  bool is_answer() const { return call_.text("side") == "output"; }
  std::string text() const { return call_.text("text"); }
  /// JSON text that goes along with it; "": none.
  std::string beside() const { return call_.text("beside"); }
  /// The beginning of the message that an answer is for; "": none.
  std::string question() const { return call_.text("question"); }
  /// What the configuration tells this guardrail: JSON text, valid against its schema.
  std::string_view settings() const { return detail::member(call_.input(), "settings").value_or("{}"); }
  /// One member of it that is a text.
  std::string setting(std::string_view name, std::string_view fallback = {}) const {
    const auto value = detail::member(settings(), name);
    return value && value->starts_with('"') ? detail::JsonWalk(*value).string() : std::string(fallback);
  }

 private:
  const Call& call_;
};

/// What a guardrail says; the reason is one sentence.
struct Verdict {
  bool pass = false;
  std::string reason;
};
inline Verdict pass(std::string reason = {}) {
  return {true, std::move(reason)};
}
inline Verdict refuse(std::string reason) {
  return {false, std::move(reason)};
}

/// One earlier turn of a conversation.
struct PastTurn {
  std::string user;
  std::string assistant;
  bool answered = false;
};

/// What a memory is asked about.
class Past {
 public:
  explicit Past(const Call& call) : call_(call) {
    for (const std::string_view one : detail::elements(call.input(), "turns"))
      turns_.push_back({detail::member_text(one, "user"), detail::member_text(one, "assistant"),
                        detail::member(one, "assistant").has_value()});
  }
  const Call& call() const { return call_; }
  /// It is asked for notes, after an answer; else for what is recalled for message().
  bool settles() const { return call_.text("do") == "settle"; }
  std::string message() const { return call_.text("message"); }
  /// What it noted last; "": nothing yet.
  std::string notes() const { return call_.text("notes"); }
  /// Those that the notes do not have, the oldest first.
  const std::vector<PastTurn>& turns() const { return turns_; }
  /// What all that is recalled may have.
  std::int64_t max_tokens() const { return static_cast<std::int64_t>(call_.number("max_tokens")); }
  /// What the configuration tells this memory: JSON text, valid against its schema.
  std::string_view options() const { return detail::member(call_.input(), "options").value_or("{}"); }
  /// One member of it that is a text, or a number.
  std::string option(std::string_view name, std::string_view fallback = {}) const {
    return detail::member_text(options(), name, fallback);
  }
  double option_number(std::string_view name, double fallback = 0) const {
    const auto value = detail::member(options(), name);
    double number = fallback;
    if (value) std::from_chars(value->data(), value->data() + value->size(), number);
    return number;
  }

 private:
  const Call& call_;
  std::vector<PastTurn> turns_;
};

/// What a memory says; as JSON.
struct Remembrance {
  std::string json = "{}";
};
/// These turns are recalled, by their places in Past::turns(), the most important first; `notes`: and the
/// notes.
inline Remembrance recall(const std::vector<std::size_t>& turns, bool notes = true) {
  std::string places;
  for (const std::size_t at : turns) places += (places.empty() ? "" : ",") + std::to_string(at);
  return {"{\"turns\":[" + places + "],\"notes\":" + (notes ? "true}" : "false}")};
}
/// These are the notes from now on, not empty; the first `turns` of Past::turns() are in them.
inline Remembrance note(std::string_view notes, std::size_t turns) {
  return {"{\"notes\":" + json_text(notes) + ",\"turns\":" + std::to_string(turns) + "}"};
}
/// The notes stay as they are.
inline Remembrance nothing_to_note() {
  return {};
}

/// What a loader makes of a file: text in parts, in its order. Text must be UTF-8.
class Document {
 public:
  void title(std::string_view text) { title_ = json_text(text); }
  void metadata(std::string_view name, std::string_view text) {
    add(metadata_, json_text(name) + ":" + json_text(text));
  }
  void metadata(std::string_view name, double number) {
    char digits[32];  // enough for any number as JSON writes it; infinities are no JSON
    const auto end = std::to_chars(digits, digits + sizeof digits, number).ptr;
    add(metadata_, json_text(name) + ":" + std::string(digits, end));
  }
  /// A sentence for who relies on the text.
  void remark(std::string_view sentence) { add(remarks_, json_text(sentence)); }
  /// These say what begins with the next text.
  void page(int number) { add(next_, "\"page\":" + std::to_string(number)); }
  void heading(std::string_view text, int level = 1) {
    add(next_, "\"heading\":" + json_text(text) + ",\"level\":" + std::to_string(level));
  }
  void record() { add(next_, "\"record\":true"); }
  /// Whole lines.
  void text(std::string_view lines) {
    add(next_, "\"text\":" + json_text(lines));
    add(parts_, "{" + std::exchange(next_, {}) + "}");
  }
  /// As the daemon takes it.
  std::string json() const {
    std::string json =
        "{\"parts\":[" + parts_ + "],\"metadata\":{" + metadata_ + "},\"remarks\":[" + remarks_ + "]";
    if (!title_.empty()) json += ",\"title\":" + title_;
    return json + "}";
  }

 private:
  static void add(std::string& list, const std::string& one) { list += (list.empty() ? "" : ",") + one; }

  std::string title_, metadata_, remarks_, parts_, next_;
};

namespace __attribute__((visibility("hidden"))) detail {

  inline std::string answer(const Verdict& verdict) {
    return std::string("{\"pass\":") + (verdict.pass ? "true" : "false") +
           ",\"reason\":" + json_text(verdict.reason) + "}";
  }
  inline std::string answer(const Document& document) {
    return document.json();
  }

  inline std::vector<const troupe_service*>& services() {
    static std::vector<const troupe_service*> all;
    return all;
  }

  /// What a body answered, as text and bytes.
  struct Finish {
    std::string answer;
    std::string body = {};
  };
  inline Finish finish_of(std::string text) {
    return {std::move(text)};
  }
  inline Finish finish_of(Finish finish) {
    return finish;
  }
  inline Finish finish_of(const Vectors& vectors) {
    return {vectors.answer(), vectors.body()};
  }
  inline Finish finish_of(const Reply& reply) {
    std::string json = "{";
    const auto put = [&json](std::string_view name, std::string_view value) {
      json += json.size() > 1 ? ",\"" : "\"";
      json += name;
      json += "\":";
      json += value;
    };
    if (reply.text) put("text", json_text(*reply.text));
    if (!reply.reasoning.empty()) put("reasoning", json_text(reply.reasoning));
    if (!reply.finish.empty()) put("finish", json_text(reply.finish));
    if (!reply.state.empty()) put("state", reply.state);
    if (reply.input_tokens >= 0 || reply.output_tokens >= 0)
      put("usage", "{\"input_tokens\":" + std::to_string(reply.input_tokens < 0 ? 0 : reply.input_tokens) +
                       ",\"output_tokens\":" +
                       std::to_string(reply.output_tokens < 0 ? 0 : reply.output_tokens) + "}");
    std::string calls;
    for (const ToolCall& one : reply.tool_calls) {
      calls += (calls.empty() ? "{\"name\":" : ",{\"name\":") + json_text(one.name);
      if (!one.id.empty()) calls += ",\"id\":" + json_text(one.id);
      calls += ",\"arguments\":" + (one.arguments.empty() ? "{}" : one.arguments) + "}";
    }
    if (!calls.empty()) put("tool_calls", "[" + calls + "]");
    return {json + "}"};
  }

  /// Runs the body of a service and finishes its call, exactly once, whatever happens in it.
  template <class Kind, class Body>
  void carry_out(troupe_call * call, Body body) noexcept {
    const troupe_calls& calls = *plugged().calls;
    try {
      Kind one(call);
      const Finish finish = finish_of(body(one));
      calls.finish(call, TROUPE_OK, span(finish.answer), span(finish.body));
    } catch (const Failure& failure) {
      calls.finish(call, failure.status(), span(failure.what()), {});
    } catch (const std::exception& e) {
      calls.finish(call, TROUPE_FAILED, span(e.what()), {});
    } catch (...) {
      calls.finish(call, TROUPE_FAILED, span("something was thrown that is no std::exception"), {});
    }
  }

  inline troupe_service tool(const char* name, const char* description, const char* schema,
                             std::uint32_t effect, void (*handle)(const troupe_service*, troupe_call*)) {
    troupe_service service{};
    service.struct_size = TROUPE_SIZE(troupe_service);
    service.effect = effect;
    service.kind = "tool";
    service.name = name;
    service.description = description;
    service.input_schema = schema;
    service.handle = handle;
    return service;
  }

  /// One of another kind. `version`, `schema` and `features` may be null.
  inline troupe_service service(const char* kind, const char* name, const char* description,
                                const char* version, const char* schema, const char* features,
                                void (*handle)(const troupe_service*, troupe_call*)) {
    troupe_service service = tool(name, description, schema, TROUPE_PURE, handle);
    service.kind = kind;
    service.version = version;
    service.features = features;
    return service;
  }

  /// Puts a service of this plugin on its list while the library is loaded.
  struct Registered {
    explicit Registered(const troupe_service* service) { services().push_back(service); }
  };

  inline troupe_status init(const troupe_host* host, troupe_span config, char* why,
                            size_t why_size) noexcept {
    Plugged& plugged = detail::plugged();
    plugged.host = host;
    plugged.calls = static_cast<const troupe_calls*>(host->capability(host, TROUPE_CALLS));
    plugged.log = static_cast<const troupe_log*>(host->capability(host, TROUPE_LOG));
    plugged.http = static_cast<const troupe_http*>(host->capability(host, TROUPE_HTTP));
    plugged.config = std::string(view(config));
    if (plugged.calls) return TROUPE_OK;
    std::strncpy(why, "the daemon has no " TROUPE_CALLS, why_size - 1);
    return TROUPE_UNAVAILABLE;
  }

  inline const troupe_service* const* list_services(std::uint32_t* count) {
    *count = static_cast<std::uint32_t>(services().size());
    return services().data();
  }

}  // namespace detail
}  // namespace troupe

namespace troupe {

/// What an index is built of: `count` rows of `dimensions` floats, one after the other. Valid while it is
/// built.
struct Rows {
  const float* data;
  std::size_t count;
  std::size_t dimensions;
  std::string metric;        ///< cosine (the rows are of length 1) | inner_product | l2
  std::string_view options;  ///< JSON, valid against the index's schema

  const float* row(std::size_t i) const { return data + i * dimensions; }
  std::string text(std::string_view name, std::string_view fallback = {}) const {
    const auto value = detail::member(options, name);
    return value && value->starts_with('"') ? detail::JsonWalk(*value).string() : std::string(fallback);
  }
  double number(std::string_view name, double fallback = 0) const {
    const auto value = detail::member(options, name);
    double number = fallback;
    if (value) std::from_chars(value->data(), value->data() + value->size(), number);
    return number;
  }
};

/// Which rows a search may find.
class Allowed {
 public:
  explicit Allowed(std::string_view bits) : bits_(bits) {}
  bool all() const { return bits_.empty(); }
  bool operator()(std::size_t row) const {
    return all() || (static_cast<unsigned char>(bits_[row / 8]) >> row % 8 & 1) != 0;
  }
  /// A bit a row, row 0 in the lowest of the first byte; empty: all.
  std::string_view bits() const { return bits_; }

 private:
  std::string_view bits_;
};

/// What TROUPE_INDEX makes.
class Index {
 public:
  virtual ~Index() = default;
  /// Numbers of at most `count` rows that are allowed, each once, the nearest first.
  virtual std::vector<std::uint32_t> search(const float* query, std::size_t count, const Allowed& allowed,
                                            Call& call) = 0;
};

namespace __attribute__((visibility("hidden"))) detail {

  /// The one index of a worker.
  struct Built {
    std::unique_ptr<Index> index;
    std::size_t rows = 0;
    std::size_t dimensions = 0;
  };

  using MakeIndex = std::unique_ptr<Index> (*)(Call&, const Rows&);

  inline void build_index(Call & call, MakeIndex make, Built & built) {
    const auto options = member(call.input(), "options");
    const Rows rows{
        reinterpret_cast<const float*>(call.body().data()), static_cast<std::size_t>(call.number("rows")),
        static_cast<std::size_t>(call.number("dimensions")), call.text("metric"), options.value_or("{}")};
    if (rows.count == 0 || rows.dimensions == 0 ||
        call.body().size() / sizeof(float) / rows.dimensions != rows.count)
      throw Failure(TROUPE_INVALID, "the vectors are of another size than they are said to be");
    built.index.reset();
    built.index = make(call, rows);
    built.rows = rows.count;
    built.dimensions = rows.dimensions;
  }

  inline std::vector<std::uint32_t> search_index(Call & call, Built & built) {
    if (!built.index) throw Failure(TROUPE_INVALID, "there is no index: build one first");
    const std::size_t query_bytes = built.dimensions * sizeof(float);
    const std::size_t bits = call.flag("filtered") ? (built.rows + 7) / 8 : 0;
    if (call.body().size() != query_bytes + bits)
      throw Failure(TROUPE_INVALID, "the query is of another size than the index");
    std::vector<float> query(built.dimensions);
    std::memcpy(query.data(), call.body().data(), query_bytes);
    return built.index->search(query.data(), static_cast<std::size_t>(call.number("count")),
                               Allowed(call.body().substr(query_bytes)), call);
  }

  inline void serve_index(troupe_call * raw, MakeIndex make, Built & built) noexcept {
    carry_out<Call>(raw, [&](Call& call) -> Finish {
      const std::string what = call.text("do");
      if (what != "build" && what != "search")
        throw Failure(TROUPE_INVALID, "an index knows `build` and `search`, not `" + what + "`");
      if (what == "build") {
        build_index(call, make, built);
        return {};
      }
      const std::vector<std::uint32_t> rows = search_index(call, built);
      return {{}, std::string(reinterpret_cast<const char*>(rows.data()), rows.size() * sizeof(rows[0]))};
    });
  }

}  // namespace detail
}  // namespace troupe

/// An index of vectors: its name (an identifier), what people are told, the JSON Schema of its options; then
/// the body in braces, which is given `rows` (and `call`) and returns a std::unique_ptr<troupe::Index> of
/// them. Throw troupe::Failure(TROUPE_INVALID, …) when the options do not go with the rows.
#define TROUPE_INDEX(name, description, schema)                                                            \
  static std::unique_ptr<troupe::Index> troupe_index_##name(troupe::Call& call, const troupe::Rows& rows); \
  static void troupe_handle_index_##name(const troupe_service*, troupe_call* call) {                       \
    static troupe::detail::Built built;                                                                    \
    troupe::detail::serve_index(call, troupe_index_##name, built);                                         \
  }                                                                                                        \
  static const troupe_service troupe_service_index_##name = [] {                                           \
    troupe_service service =                                                                               \
        troupe::detail::tool(#name, description, schema, troupe::pure, troupe_handle_index_##name);        \
    service.kind = "index";                                                                                \
    return service;                                                                                        \
  }();                                                                                                     \
  static const troupe::detail::Registered troupe_registered_index_##name(&troupe_service_index_##name);    \
  static std::unique_ptr<troupe::Index> troupe_index_##name([[maybe_unused]] troupe::Call& call,           \
                                                            const troupe::Rows& rows)

/// A tool: its name (an identifier), what a model is told, the JSON Schema of its input, its effect; then the
/// body in braces, which is given `call` and returns what the agent reads.
#define TROUPE_TOOL(name, description, schema, effect)                                      \
  static std::string troupe_tool_##name(troupe::Call& call);                                \
  static void troupe_handle_##name(const troupe_service*, troupe_call* call) {              \
    troupe::detail::carry_out<troupe::Call>(call, troupe_tool_##name);                      \
  }                                                                                         \
  static const troupe_service troupe_service_##name =                                       \
      troupe::detail::tool(#name, description, schema, effect, troupe_handle_##name);       \
  static const troupe::detail::Registered troupe_registered_##name(&troupe_service_##name); \
  static std::string troupe_tool_##name([[maybe_unused]] troupe::Call& call)

/// A language model: its name (an identifier), a line about it, what it can beyond writing text ("tools
/// images schema", or ""); then the body in braces, which is given `call` (troupe::ModelCall) and returns a
/// troupe::Reply, or a text.
#define TROUPE_MODEL(name, description, features)                                                       \
  static troupe::Reply troupe_model_##name(troupe::ModelCall& call);                                    \
  static void troupe_handle_model_##name(const troupe_service*, troupe_call* call) {                    \
    troupe::detail::carry_out<troupe::ModelCall>(call, troupe_model_##name);                            \
  }                                                                                                     \
  static const troupe_service troupe_service_model_##name = troupe::detail::service(                    \
      "model", #name, description, nullptr, nullptr, features, troupe_handle_model_##name);             \
  static const troupe::detail::Registered troupe_registered_model_##name(&troupe_service_model_##name); \
  static troupe::Reply troupe_model_##name([[maybe_unused]] troupe::ModelCall& call)

/// What turns texts into vectors: its name (an identifier), a line about it, its version, which is another
/// one once it makes other vectors; then the body in braces, which is given `call` (troupe::EmbedderCall) and
/// returns troupe::Vectors.
#define TROUPE_EMBEDDER(name, description, version)                                              \
  static troupe::Vectors troupe_embedder_##name(troupe::EmbedderCall& call);                     \
  static void troupe_handle_embedder_##name(const troupe_service*, troupe_call* call) {          \
    troupe::detail::carry_out<troupe::EmbedderCall>(call, troupe_embedder_##name);               \
  }                                                                                              \
  static const troupe_service troupe_service_embedder_##name = troupe::detail::service(          \
      "embedder", #name, description, version, nullptr, nullptr, troupe_handle_embedder_##name); \
  static const troupe::detail::Registered troupe_registered_embedder_##name(                     \
      &troupe_service_embedder_##name);                                                          \
  static troupe::Vectors troupe_embedder_##name([[maybe_unused]] troupe::EmbedderCall& call)

/// A guardrail: its name (an identifier), a description for people, the JSON Schema of its settings or
/// nullptr; then the body in braces, which is given `judged` and returns troupe::pass() or
/// troupe::refuse("why").
#define TROUPE_GUARDRAIL(name, description, schema)                                               \
  static troupe::Verdict troupe_guardrail_##name(const troupe::Judged& judged);                   \
  static void troupe_handle_guardrail_##name(const troupe_service*, troupe_call* call) {          \
    troupe::detail::carry_out<troupe::Call>(call, [](troupe::Call& one) {                         \
      return troupe::detail::answer(troupe_guardrail_##name(troupe::Judged(one)));                \
    });                                                                                           \
  }                                                                                               \
  static const troupe_service troupe_service_guardrail_##name = troupe::detail::service(          \
      "guardrail", #name, description, nullptr, schema, nullptr, troupe_handle_guardrail_##name); \
  static const troupe::detail::Registered troupe_registered_guardrail_##name(                     \
      &troupe_service_guardrail_##name);                                                          \
  static troupe::Verdict troupe_guardrail_##name([[maybe_unused]] const troupe::Judged& judged)

/// A memory: its name (an identifier), a description for people, the JSON Schema of its options or nullptr;
/// then the body in braces, which is given `past` and returns troupe::recall({…}), or, where past.settles(),
/// troupe::note("…", turns) or troupe::nothing_to_note().
#define TROUPE_MEMORY(name, description, schema)                                                          \
  static troupe::Remembrance troupe_memory_##name(const troupe::Past& past);                              \
  static void troupe_handle_memory_##name(const troupe_service*, troupe_call* call) {                     \
    troupe::detail::carry_out<troupe::Call>(                                                              \
        call, [](troupe::Call& one) { return troupe_memory_##name(troupe::Past(one)).json; });            \
  }                                                                                                       \
  static const troupe_service troupe_service_memory_##name = troupe::detail::service(                     \
      "memory", #name, description, nullptr, schema, nullptr, troupe_handle_memory_##name);               \
  static const troupe::detail::Registered troupe_registered_memory_##name(&troupe_service_memory_##name); \
  static troupe::Remembrance troupe_memory_##name(const troupe::Past& past)

/// A loader: its name (an identifier), a description for people, what it reads (".vtt text/vtt"); then the
/// body in braces, which is given `call`, whose body() is the file, and returns a troupe::Document.
#define TROUPE_LOADER(name, description, formats)                                                         \
  static troupe::Document troupe_loader_##name(troupe::Call& call);                                       \
  static void troupe_handle_loader_##name(const troupe_service*, troupe_call* call) {                     \
    troupe::detail::carry_out<troupe::Call>(                                                              \
        call, [](troupe::Call& one) { return troupe::detail::answer(troupe_loader_##name(one)); });       \
  }                                                                                                       \
  static const troupe_service troupe_service_loader_##name = troupe::detail::service(                     \
      "loader", #name, description, nullptr, nullptr, formats, troupe_handle_loader_##name);              \
  static const troupe::detail::Registered troupe_registered_loader_##name(&troupe_service_loader_##name); \
  static troupe::Document troupe_loader_##name([[maybe_unused]] troupe::Call& call)

/// The plugin itself, once, after its services. Further arguments are fields of troupe_plugin by name:
/// TROUPE_PLUGIN("weather", "1.0", "Forecasts", p.config_schema = "…", p.permissions = "…")
#define TROUPE_PLUGIN(plugin_name, plugin_version, plugin_description, ...) \
  extern "C" {                                                              \
  extern TROUPE_EXPORT const troupe_plugin troupe_plugin_entry;             \
  const troupe_plugin troupe_plugin_entry = [] {                            \
    troupe_plugin p{};                                                      \
    p.struct_size = TROUPE_SIZE(troupe_plugin);                             \
    p.abi = TROUPE_ABI;                                                     \
    p.name = plugin_name;                                                   \
    p.version = plugin_version;                                             \
    p.description = plugin_description;                                     \
    p.init = troupe::detail::init;                                          \
    p.services = troupe::detail::list_services;                             \
    __VA_OPT__(__VA_ARGS__;)                                                \
    return p;                                                               \
  }();                                                                      \
  }

#endif
