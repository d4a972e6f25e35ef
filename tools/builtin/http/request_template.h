#pragma once

#include "runtime/base/json.h"
#include "runtime/base/result.h"
#include "runtime/net/http_client.h"
#include "tools/builtin/http/text_template.h"
#include "tools/settings.h"
#include "tools/settings_problem.h"
#include "tools/tool.h"

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace troupe::tools {

/// What the place of the key is called that every attempt of a call bears.
inline constexpr std::string_view kKeyPlace = "idempotency_key";

/// A URL with places: in its path, where a value is one part of a segment, and in its query. The host is as
/// written: what a model says never decides who is asked. Immutable; any thread.
class UrlTemplate {
 public:
  static Result<UrlTemplate> parse(std::string_view text);
  std::vector<std::string> path_names() const;
  std::vector<std::string> names() const;
  const std::string& host() const { return host_; }  ///< as net::Url gives it
  /// Percent-encoded (RFC 3986, 2.1): path parts whole, also `/`. A parameter whose value is missing is left
  /// out; a list given to a parameter that is one place repeats it. Error: invalid, for a path segment that
  /// would be empty, `.` or `..`, which servers read as another path.
  Result<std::string> fill(const TextTemplate::Lookup& lookup) const;
  /// Appends further parameters.
  void add_parameter(std::string name, TextTemplate value);

 private:
  struct Segment {
    TextTemplate text;
    bool filled = false;  ///< has a place
  };
  std::string origin_;  // "https://host:port"
  std::string host_;
  std::vector<Segment> segments_;
  std::vector<std::pair<std::string, std::optional<TextTemplate>>> parameters_;  // names encoded already
};

/// The request of an http tool, with places for the arguments. Immutable; any thread.
class RequestTemplate {
 public:
  /// Every problem of the settings, each at its field. None: make() succeeds.
  static std::vector<SettingsProblem> problems(const ToolSettings& settings);
  /// Error: invalid, the first problem.
  static Result<RequestTemplate> make(const ToolSettings& settings);

  /// The arguments that a model gives, as JSON Schema.
  const Json& input() const { return input_; }
  const std::string& host() const { return url_.host(); }

  /// The request for checked arguments. Values go where they belong and nowhere else: encoded in a URL, as
  /// values into a JSON body. Error: invalid, for a value that has no place where it is to go (a line break
  /// in a header); written for the model.
  Result<net::HttpRequest> fill(const Json& arguments, std::string_view key) const;
  /// The request that asks what became of a call; nothing when the settings have none.
  Result<std::optional<net::HttpRequest>> status(std::string_view key) const;

 private:
  enum class BodyKind { none, json, text, form };
  struct Reading;
  Result<Json> json_body(const Json& part, const TextTemplate::Lookup& lookup) const;
  Result<> add_headers(net::HttpRequest& request, const TextTemplate::Lookup& lookup) const;
  Result<> add_body(net::HttpRequest& request, const TextTemplate::Lookup& lookup,
                    const Json& arguments) const;
  TextTemplate::Lookup lookup_in(const Json& arguments, const Json& key) const;

  std::string method_;
  bool keyed_ = false;  // bears the key of the call
  UrlTemplate url_;
  std::optional<UrlTemplate> status_;
  std::vector<std::pair<std::string, TextTemplate>> headers_;
  BodyKind body_kind_ = BodyKind::none;
  Json body_;
  std::vector<std::pair<std::string, TextTemplate>> form_;
  std::vector<std::string> placed_;  // names that have a place
  Json input_;
  Json defaults_ = Json::object();
};

/// What the settings say, or else the method.
Effect effect_of(const ToolSettings& settings);
/// GET and HEAD are pure, PUT and DELETE idempotent (RFC 9110, 9.2), others neither.
Effect effect_of_method(std::string_view method);

}  // namespace troupe::tools
