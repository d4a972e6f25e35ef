#include "tools/mcp/server_tools.h"

#include "runtime/telemetry/log.h"
#include "tools/mcp/content.h"
#include "tools/names.h"

#include <algorithm>
#include <functional>
#include <utility>

#include <fmt/format.h>

namespace troupe::tools::mcp {

namespace {

Effect effect_of(const SectionSettings& settings, const std::string& name) {
  const auto found = settings.effects.find(name);
  if (found == settings.effects.end()) return Effect::at_most_once;
  if (found->second == "pure") return Effect::pure;
  return found->second == "idempotent" ? Effect::idempotent : Effect::at_most_once;
}

bool wanted(const SectionSettings& settings, const std::string& name) {
  const bool listed =
      settings.tools.empty() || std::ranges::find(settings.tools, name) != settings.tools.end();
  return listed && std::ranges::find(settings.except, name) == settings.except.end();
}

/// A tool of a server.
class ServerTool final : public Tool {
 public:
  ServerTool(std::string_view name, ListedTool listed, const SectionSettings& settings,
             std::shared_ptr<Server> server)
      : listed_(std::move(listed)), server_(std::move(server)), idle_(settings.timeout) {
    spec_.declaration = {
        .name = call_name(name), .description = listed_.description, .schema = listed_.schema};
    spec_.effect = effect_of(settings, listed_.name);
    spec_.timeout = settings.timeout_max;
  }
  const ToolSpec& spec() const override { return spec_; }

  Task<Result<ToolOutput>> call(ToolInput input, CallContext& context) override {
    auto headers = header_values(listed_.headers, input.arguments);
    if (!headers) co_return fail(std::move(headers.error()));
    Request request{.method = "tools/call",
                    .params = {{"name", listed_.name}, {"arguments", std::move(input.arguments)}},
                    .name = listed_.name,
                    .headers = std::move(*headers)};
    auto result = co_await server_->request(std::move(request), idle_, context);
    if (!result) co_return fail(std::move(result.error()));
    co_return read_result(*result, listed_.output);
  }

 private:
  ListedTool listed_;
  std::shared_ptr<Server> server_;
  Milliseconds idle_;
  ToolSpec spec_;
};

/// What is asked of a server beside its tools. Reads only.
class ServerQuery final : public Tool {
 public:
  using Ask = std::function<Task<Result<ToolOutput>>(Server&, Json, CallContext&)>;
  ServerQuery(models::ToolDeclaration declaration, std::shared_ptr<Server> server, Ask ask)
      : server_(std::move(server)), ask_(std::move(ask)) {
    spec_.declaration = std::move(declaration);
    spec_.effect = Effect::pure;
  }
  const ToolSpec& spec() const override { return spec_; }
  Task<Result<ToolOutput>> call(ToolInput input, CallContext& context) override {
    co_return co_await ask_(*server_, std::move(input.arguments), context);
  }

 private:
  std::shared_ptr<Server> server_;
  Ask ask_;
  ToolSpec spec_;
};

constexpr const char* kQuerySchema =
    R"({"type":"object","properties":{"query":{"type":"string","description":"only those that have this in their name, address or description"}}})";
constexpr const char* kUriSchema =
    R"({"type":"object","properties":{"uri":{"type":"string","description":"its address, as the list has it"}},"required":["uri"]})";
constexpr const char* kPromptSchema =
    R"({"type":"object","properties":{"name":{"type":"string","description":"as the list has it"},"arguments":{"type":"object","additionalProperties":{"type":"string"},"description":"texts by the names that the list has"}},"required":["name"]})";
constexpr const char* kNothing = R"({"type":"object","properties":{}})";

std::string query_of(const Json& arguments) {
  std::string query = string_or(arguments, "query");
  std::ranges::transform(query, query.begin(),
                         [](unsigned char c) { return c < 0x80 ? std::tolower(c) : c; });
  return query;
}

Task<Result<ToolOutput>> ask_resources(Server& server, Json arguments, CallContext& context) {
  auto resources = co_await server.collect("resources/list", "resources", context);
  if (!resources) co_return fail(std::move(resources.error()));
  auto templates = co_await server.collect("resources/templates/list", "resourceTemplates", context);
  // A server may have resources and know nothing of templates.
  const Json none = Json::array();
  co_return ToolOutput{.text = list_resources((*resources)["items"], templates ? (*templates)["items"] : none,
                                              query_of(arguments))};
}

Task<Result<ToolOutput>> ask_resource(Server& server, Json arguments, CallContext& context) {
  const std::string uri = string_or(arguments, "uri");
  Request request{.method = "resources/read", .params = {{"uri", uri}}, .name = uri};
  auto result = co_await server.request(std::move(request), Milliseconds(0), context);
  if (!result) co_return fail(std::move(result.error()));
  co_return read_contents(*result);
}

Task<Result<ToolOutput>> ask_prompts(Server& server, Json arguments, CallContext& context) {
  auto prompts = co_await server.collect("prompts/list", "prompts", context);
  if (!prompts) co_return fail(std::move(prompts.error()));
  co_return ToolOutput{.text = list_prompts((*prompts)["items"], query_of(arguments))};
}

Task<Result<ToolOutput>> ask_prompt(Server& server, Json arguments, CallContext& context) {
  const std::string name = string_or(arguments, "name");
  Request request{.method = "prompts/get", .params = {{"name", name}}, .name = name};
  if (const Json* values = find(arguments, "arguments")) request.params["arguments"] = *values;
  auto result = co_await server.request(std::move(request), Milliseconds(0), context);
  if (!result) co_return fail(std::move(result.error()));
  co_return read_prompt(*result);
}

/// Stands for the tools of a server that has none to give.
class StatusTool final : public Tool {
 public:
  StatusTool(std::string_view name, const std::string& section, std::shared_ptr<Server> server)
      : server_(std::move(server)), unwanted_(server_->listing() != nullptr) {
    spec_.declaration = {
        .name = call_name(name),
        .description =
            fmt::format("The tools of {} are not available now ({}). This says whether they have become so",
                        section, unwanted_ ? kUnwanted : server_->state()),
        .schema = kNothing};
    spec_.effect = Effect::pure;
  }
  const ToolSpec& spec() const override { return spec_; }
  std::string why() const { return unwanted_ ? kUnwanted : "the server is " + server_->state(); }

  Task<Result<ToolOutput>> call(ToolInput, CallContext& context) override {
    if (context.stop.requested()) co_return fail(stopped("the call", context.stop.reason()));
    if (!server_->reachable())
      co_return fail(ErrorCode::unavailable,
                     fmt::format("the server is {}; go on without its tools", server_->state()));
    co_return ToolOutput{.text = "The server is " + server_->state() +
                                 " now. Its tools can be used from the next question on."};
  }

 private:
  static constexpr const char* kUnwanted = "the server offers none of those that are wanted";
  std::shared_ptr<Server> server_;
  bool unwanted_;
  ToolSpec spec_;
};

class UnavailableTool final : public Tool {
 public:
  UnavailableTool(std::string_view name, std::string why) : why_(std::move(why)) {
    spec_.declaration = {
        .name = call_name(name), .description = "Not available: " + why_, .schema = R"({"type":"object"})"};
    spec_.effect = Effect::pure;
  }
  const ToolSpec& spec() const override { return spec_; }
  const std::string& why() const { return why_; }
  Task<Result<ToolOutput>> call(ToolInput, CallContext& context) override {
    if (context.stop.requested()) co_return fail(stopped("the call", context.stop.reason()));
    co_return fail(ErrorCode::unavailable, why_ + "; go on without it");
  }

 private:
  std::string why_;
  ToolSpec spec_;
};

}  // namespace

std::shared_ptr<Tool> unavailable_tool(std::string_view name, std::string why) {
  return std::make_shared<UnavailableTool>(name, std::move(why));
}

ToolTable section_tools(const std::string& section, const SectionSettings& settings,
                        std::shared_ptr<Server> server) {
  ToolTable table;
  PartNames names(section);
  const auto listing = server->listing();
  const auto add = [&](std::string_view wanted_name, const auto& make) {
    const std::string name = names.next(wanted_name);
    table.emplace(name, make(name));
  };
  const auto query = [&](const char* wanted_name, std::string about, const char* schema,
                         ServerQuery::Ask ask) {
    add(wanted_name, [&](std::string_view name) {
      return std::make_shared<ServerQuery>(
          models::ToolDeclaration{.name = call_name(name), .description = std::move(about), .schema = schema},
          server, std::move(ask));
    });
  };
  if (listing) {
    for (const ListedTool& tool : listing->tools)
      if (wanted(settings, tool.name))
        add(tool.name, [&](std::string_view name) {
          return std::make_shared<ServerTool>(name, tool, settings, server);
        });
    for (const std::string& name : settings.tools)
      if (std::ranges::find(listing->tools, name, &ListedTool::name) == listing->tools.end())
        log::warn("an MCP server does not have a tool that is wanted of it",
                  {{"section", section}, {"tool", name}});
    if (settings.resources && listing->resources) {
      query("list_resources", "Lists the resources of " + section, kQuerySchema, ask_resources);
      query("read_resource", "Reads a resource of " + section, kUriSchema, ask_resource);
    }
    if (settings.prompts && listing->prompts) {
      query("list_prompts", "Lists the prompts of " + section, kQuerySchema, ask_prompts);
      query("get_prompt", "Fills in a prompt of " + section, kPromptSchema, ask_prompt);
    }
  }
  if (table.empty())
    add("status", [&](std::string_view name) { return std::make_shared<StatusTool>(name, section, server); });
  return table;
}

std::optional<std::string> why_none(const ToolTable& table, std::string_view section) {
  for (const std::string& name : tools_meant(table, section)) {
    const Tool* tool = table.find(name)->second.get();
    if (const auto* status = dynamic_cast<const StatusTool*>(tool)) return status->why();
    if (const auto* stand_in = dynamic_cast<const UnavailableTool*>(tool)) return stand_in->why();
  }
  return std::nullopt;
}

}  // namespace troupe::tools::mcp
