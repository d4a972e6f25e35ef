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
  const auto value = detail::member(config(), name);
  return value && value->starts_with('"') ? detail::JsonWalk(*value).string() : std::string(fallback);
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

/// A call that is being carried out. Its views are valid until the tool returns.
class Call {
 public:
  explicit Call(troupe_call* call) : call_(call) {}

  /// The arguments: JSON text, valid against the tool's schema.
  std::string_view input() const { return detail::view(calls().input(call_)); }
  /// Members of the input, for tools that need no more than that. A member that is absent or of another type
  /// is the fallback.
  std::string text(std::string_view name, std::string_view fallback = {}) const {
    const auto value = detail::member(input(), name);
    return value && value->starts_with('"') ? detail::JsonWalk(*value).string() : std::string(fallback);
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

namespace __attribute__((visibility("hidden"))) detail {

  inline std::vector<const troupe_service*>& services() {
    static std::vector<const troupe_service*> all;
    return all;
  }

  inline troupe_span no_bytes() {
    return {};
  }

  /// Runs a tool's body and finishes its call, exactly once, whatever happens in it. `bytes` gives what is
  /// beside the text, then.
  template <class Body, class Bytes = troupe_span (*)()>
  void carry_out(troupe_call * call, Body body, Bytes bytes = no_bytes) noexcept {
    const troupe_calls& calls = *plugged().calls;
    try {
      Call one(call);
      const std::string text = body(one);
      calls.finish(call, TROUPE_OK, span(text), bytes());
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
    std::vector<std::uint32_t> rows;
    carry_out(
        raw,
        [&](Call& call) -> std::string {
          const std::string what = call.text("do");
          if (what != "build" && what != "search")
            throw Failure(TROUPE_INVALID, "an index knows `build` and `search`, not `" + what + "`");
          if (what == "build")
            build_index(call, make, built);
          else
            rows = search_index(call, built);
          return {};
        },
        [&] {
          return troupe_span{reinterpret_cast<const char*>(rows.data()), rows.size() * sizeof(rows[0])};
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
    troupe::detail::carry_out(call, troupe_tool_##name);                                    \
  }                                                                                         \
  static const troupe_service troupe_service_##name =                                       \
      troupe::detail::tool(#name, description, schema, effect, troupe_handle_##name);       \
  static const troupe::detail::Registered troupe_registered_##name(&troupe_service_##name); \
  static std::string troupe_tool_##name([[maybe_unused]] troupe::Call& call)

/// The plugin itself, once, after its tools. Further arguments are fields of troupe_plugin by name:
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
