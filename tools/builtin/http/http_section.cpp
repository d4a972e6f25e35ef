#include "tools/builtin/http/http_section.h"

#include "runtime/base/ascii.h"
#include "runtime/config/collections.h"
#include "runtime/config/json_value.h"
#include "runtime/config/scalars.h"
#include "tools/builtin/http/allowed_hosts.h"
#include "tools/builtin/http/request_template.h"

#include <algorithm>
#include <cctype>
#include <chrono>

namespace troupe::tools {

namespace {

using config::Check;
using config::Record;

constexpr std::size_t kHostsMax = 100;
constexpr std::size_t kTypesMax = 50;
constexpr std::size_t kAnswerLeast = 256;
constexpr std::size_t kAnswerMost = std::size_t{64} << 20;
constexpr int kRedirectsMost = 10;
constexpr auto kTimeLeast = std::chrono::milliseconds(100);
constexpr auto kTimeMost = std::chrono::hours(1);

std::string parameter_problem(std::string_view name) {
  return name.empty() ? "is no name of a parameter" : "";
}

std::string type_problem(std::string_view type) {
  return type.find('/') == type.npos || type.find(';') != type.npos
             ? "write a media type without parameters, such as `application/json` or `text/*`"
             : "";
}

Record<HttpStatusSettings> status() {
  Record<HttpStatusSettings> status(
      "How to ask what became of a call that was cut off: 2xx is done, 404 not");
  status
      .field("url", &HttpStatusSettings::url, hidden_url(),
             "asked by GET with the tool's headers; `{idempotency_key}` is the key that the call bore")
      .required();
  status.field("response", &HttpStatusSettings::response, config::json_value("a JSON pointer"),
               "which parts of its answer stand for the call's; without it those of the tool");
  return status;
}

}  // namespace

std::string header_problem(std::string_view name) {
  constexpr std::string_view kMarks = "!#$%&'*+-.^_`|~";
  const bool token = !name.empty() && std::ranges::all_of(name, [&](unsigned char c) {
    return std::isalnum(c) || kMarks.find(static_cast<char>(c)) != kMarks.npos;
  });
  if (!token) return "is no name of a header";
  for (const std::string_view own : {"content-length", "transfer-encoding", "host", "connection", "upgrade",
                                     "te", "trailer", "keep-alive", "accept-encoding", "expect"})
    if (same_but_case(name, own)) return "is written by the client itself; leave it out";
  return "";
}

void add_exchange_keys(Record<ToolSettings>& tool) {
  tool.field("headers", &ToolSettings::headers, hidden_lines("headers", header_problem),
             "sent with every request; what `${…}` puts in is kept secret");
  tool.field("allow_hosts", &ToolSettings::allow_hosts,
             config::list_of(config::line({.expected = "a host", .check = AllowedHosts::problem}),
                             "a list of hosts", kHostsMax),
             "the only hosts that are asked, redirects included: `crm.example`, or `*.crm.example` for those "
             "below it; without it the one that is written");
  tool.field("timeout", &ToolSettings::timeout, config::duration(kTimeLeast, kTimeMost),
             "how long a call may take; an agent's `limits.tool_time` holds beside it")
      .without_default();
  tool.field("max_bytes", &ToolSettings::max_bytes, config::bytes(kAnswerLeast, kAnswerMost),
             "how large an answer may be");
  tool.field("content_types", &ToolSettings::content_types,
             config::list_of(config::line({.expected = "a media type", .check = type_problem}),
                             "a list of media types", kTypesMax),
             "which answers are read; without it any that is text");
  tool.field("redirects", &ToolSettings::redirects, config::integer<int>(0, kRedirectsMost),
             "how many redirects of a GET or HEAD are followed; others never are");
}

Record<ToolSettings> http_section() {
  Record<ToolSettings> tool("A request that is written down here, with places for what the model says");
  tool.field("description", &ToolSettings::description, config::text({.bytes_max = 4096}),
             "what the model is told the tool does: say what it is for");
  tool.field("method", &ToolSettings::method,
             config::one_of(
                 {{{"GET", ""}, {"HEAD", ""}, {"POST", ""}, {"PUT", ""}, {"PATCH", ""}, {"DELETE", ""}}, {}}),
             "of the request");
  tool.field("url", &ToolSettings::url, hidden_url(),
             "where it goes; `{name}` in path and query is filled from the call's arguments, encoded")
      .required();
  tool.field("query", &ToolSettings::query, hidden_lines("parameters", parameter_problem),
             "further parameters of the URL; one whose `{name}` has no value is left out");
  tool.field("body", &ToolSettings::body, hidden_json("a body"),
             "sent as JSON; a text that is one `{name}` becomes that argument as it is. Without it the "
             "arguments that have no other place are the body of a POST, PUT or PATCH");
  tool.field("form", &ToolSettings::form, hidden_lines("form fields", parameter_problem),
             "sent as form fields, in place of `body`");
  tool.field("input", &ToolSettings::input, config::json_object("a JSON Schema"),
             "JSON Schema of the arguments; without it every `{name}` is a text that must be given");
  tool.field(
      "response", &ToolSettings::response, config::json_value("a JSON pointer"),
      "which parts of a JSON answer the agent reads: a JSON pointer, a list of them, or a map from names "
      "to them; without it all");
  tool.field("effect", &ToolSettings::effect,
             config::one_of({{{"pure", "reads only"},
                              {"idempotent", "may be sent again with the same key"},
                              {"at_most_once", "never sent twice"}},
                             {}}),
             "what sending it twice would mean; without it GET and HEAD are pure, PUT and DELETE idempotent, "
             "others at_most_once");
  tool.field("status", &ToolSettings::status, config::shape(status()),
             "how to ask what became of a call that was cut off")
      .without_default();
  add_exchange_keys(tool);
  tool.check([](const ToolSettings& t, Check& check) {
    for (const SettingsProblem& problem : RequestTemplate::problems(t))
      check.error(problem.field, problem.text);
  });
  return tool;
}

}  // namespace troupe::tools
