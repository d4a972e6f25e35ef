// The client as the conformance suite of MCP starts it (scripts/mcp_conformance.sh): with the URL of a server
// as the last argument and the scenario in MCP_CONFORMANCE_SCENARIO. It does what any host would: connects,
// lists, and calls what there is.
#include "runtime/async/run_task.h"
#include "runtime/base/context.h"
#include "runtime/net/http_client.h"
#include "runtime/telemetry/log.h"
#include "tools/mcp/content.h"
#include "tools/mcp/listing.h"
#include "tools/mcp/server.h"

#include <cstdio>
#include <cstdlib>
#include <string>

using namespace troupe;
using namespace troupe::tools::mcp;

namespace {

struct Silence final : EventSink {
  void publish(Event) override {}
};

Json value_for(const Json& schema) {
  const std::string type = string_or(schema, "type");
  if (type == "integer" || type == "number") return 1;
  if (type == "boolean") return true;
  if (type == "array") return Json::array();
  if (type == "object") return Json::object();
  return "text";
}

/// Something for everything that must be there.
Json arguments_for(const Json& tool) {
  Json arguments = Json::object();
  const Json* schema = find(tool, "inputSchema");
  const Json* required = schema ? find(*schema, "required") : nullptr;
  const Json* properties = schema ? find(*schema, "properties") : nullptr;
  if (!required || !required->is_array() || !properties) return arguments;
  for (const Json& name : *required)
    if (const Json* one = find(*properties, name.get<std::string>()))
      arguments[name.get<std::string>()] = value_for(*one);
  return arguments;
}

Json context_of_scenario() {
  const char* text = std::getenv("MCP_CONFORMANCE_CONTEXT");
  auto context = parse_json(text ? text : "{}");
  return context ? *context : Json::object();
}

class Host {
 public:
  Host(Server& server, CallContext& context) : server_(server), context_(context) {}

  Task<> call_tool(Json tool, Json arguments) {
    const std::string name = string_or(tool, "name");
    Listing listed = read_listing(Json::array({tool}), true);
    if (listed.tools.empty()) {
      std::fprintf(stderr, "left out: %s\n", name.c_str());
      co_return;
    }
    auto headers = header_values(listed.tools[0].headers, arguments);
    if (!headers) co_return;
    Request request{.method = "tools/call",
                    .params = {{"name", name}, {"arguments", std::move(arguments)}},
                    .name = name,
                    .headers = std::move(*headers)};
    auto result = co_await server_.request(std::move(request), Milliseconds(20'000), context_);
    auto read = result ? tools::mcp::read_result(*result, "") : fail(result.error());
    std::fprintf(stderr, "%s: %s\n", name.c_str(), read ? read->text.c_str() : read.error().message.c_str());
  }

  Task<> call_all(Json items) {
    const Json context = context_of_scenario();
    if (const Json* wanted = find(context, "toolCalls")) {
      for (const Json& call : *wanted)
        for (const Json& tool : items)
          if (tool["name"] == call["name"]) co_await call_tool(tool, call["arguments"]);
      co_return;
    }
    Json focal;
    for (const Json& tool : items) {
      Json arguments = arguments_for(tool);
      if (tool["name"] == "add_numbers") arguments = {{"a", 5}, {"b", 3}};
      if (tool["name"] == "json_schema_echo") arguments = {{"schema", focal}};
      if (tool.contains("inputSchema")) focal = tool["inputSchema"];
      co_await call_tool(tool, arguments);
    }
  }

  Task<> read_all() {
    auto resources = co_await server_.collect("resources/list", "resources", context_);
    if (resources)
      for (const Json& one : (*resources)["items"]) {
        const std::string uri = string_or(one, "uri");
        Request request{.method = "resources/read", .params = {{"uri", uri}}, .name = uri};
        co_await server_.request(std::move(request), Milliseconds(0), context_);
      }
    auto prompts = co_await server_.collect("prompts/list", "prompts", context_);
    if (prompts)
      for (const Json& one : (*prompts)["items"]) {
        const std::string name = string_or(one, "name");
        Request request{.method = "prompts/get", .params = {{"name", name}}, .name = name};
        co_await server_.request(std::move(request), Milliseconds(0), context_);
      }
  }

 private:
  Server& server_;
  CallContext& context_;
};

Task<int> visit(Server& server, CallContext& context) {
  server.start();
  co_await server.settled(Milliseconds(25'000));
  std::fprintf(stderr, "%s\n", server.state().c_str());
  const bool reached = server.reachable();
  if (reached) {
    Host host(server, context);
    auto items = co_await server.collect("tools/list", "tools", context);
    if (items) co_await host.call_all((*items)["items"]);
    co_await host.read_all();
  }
  co_await server.close();
  co_return reached ? 0 : 1;
}

}  // namespace

int main(int count, char** words) {
  if (count < 2) {
    std::fprintf(stderr, "usage: %s URL\n", words[0]);
    return 2;
  }
  log::configure(log::Level::info, log::Format::text);
  SystemClock clock;
  Loop loop(clock);
  const auto http = net::make_curl_client(loop, {}, net::Guarding::open);
  Server server({.loop = loop, .http = *http, .client_version = "1"},
                {.name = "conformance", .url = words[count - 1], .elicitation = "defaults"});
  Stop stop;
  Silence silence;
  CallContext context{loop, stop, Deadline::after(clock, Milliseconds(28'000)), silence, {}, "s", "r",
                      "a",  1};
  return run_task(loop, visit(server, context));
}
