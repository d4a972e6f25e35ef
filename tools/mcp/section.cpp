#include "tools/mcp/section.h"

#include "models/place.h"
#include "runtime/config/interpolate.h"
#include "runtime/config/scalars.h"
#include "tools/hidden_text.h"
#include "tools/mcp/bounds.h"
#include "tools/mcp/protocol/session.h"

#include <algorithm>
#include <chrono>

namespace troupe::tools::mcp {

namespace {

using config::Check;
using config::Record;
using namespace std::chrono_literals;

constexpr std::size_t kArgumentsMax = 200;
constexpr std::size_t kNamesMax = bounds::kItems;
constexpr std::size_t kNameShown = 64;

std::string variable_problem(std::string_view name) {
  const bool good = !name.empty() && std::ranges::all_of(name, [](char c) {
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_';
  });
  return good ? "" : "is no name of an environment variable";
}

std::string any_name(std::string_view name) {
  return name.empty() || name.size() > bounds::kNameBytes ? "is no name of a tool" : "";
}

/// A map of `env` or `headers`. Notes which of its values are secrets: what `${…}` puts in, and what the name
/// says it of.
class Values final : public config::Shape<ServerSettings> {
 public:
  using Map = std::map<std::string, std::string>;
  Values(Map ServerSettings::* values, config::ShapePtr<Map> shape)
      : values_(values), shape_(std::move(shape)) {}

  void read(const config::Node& node, ServerSettings& server, config::Reader& reader) const override {
    shape_->read(node, server.*values_, reader);
    for (const config::Member& one : node.members) {
      if (one.value.kind != config::Node::Kind::scalar) continue;
      // Not in a text restored from the journal, whose secrets are put in by their place.
      const auto put =
          config::interpolate(one.value.text, reader.folder(one.value), reader.environment(), {});
      if (put && !put->any && !names_a_secret(one.key)) continue;
      const std::string& value = (server.*values_)[one.key];
      server.hidden.push_back(value);
      server.hidden.push_back(value.substr(value.rfind(' ') + 1));  // of "Bearer KEY"
      if (put) server.hidden.insert(server.hidden.end(), put->pieces.begin(), put->pieces.end());
    }
  }
  Json show(const ServerSettings& server) const override { return shape_->show(server.*values_); }
  Json schema() const override { return shape_->schema(); }

 private:
  Map ServerSettings::* values_;
  config::ShapePtr<Map> shape_;
};

config::ShapePtr<ServerSettings> values_of(Values::Map ServerSettings::* values,
                                           config::ShapePtr<Values::Map> shape) {
  return std::make_shared<Values>(values, std::move(shape));
}

/// The keys that say how a server is reached, of whatever holds its settings.
template <class T, class Access>
void add_server(Record<T>& record, Access access) {
  record.field_at(
      "command", [access](auto& t) -> auto& { return access(t).command; },
      config::line({.expected = "a program"}),
      "a program that is the server, and speaks over its standard input and output");
  record.field_at(
      "args", [access](auto& t) -> auto& { return access(t).args; },
      config::list_of(config::text({.expected = "an argument", .empty_allowed = true}), "a list of arguments",
                      kArgumentsMax),
      "its arguments");
  record
      .field_at("env", access,
                values_of(&ServerSettings::env,
                          config::map_of(config::text({.expected = "a value", .empty_allowed = true}),
                                         "a map of variables", variable_problem)),
                "its environment, beside PATH and HOME; nothing of the daemon's own goes along")
      .secret();
  record.field_at(
      "cwd", [access](auto& t) -> auto& { return access(t).cwd; }, config::path(),
      "the folder that it is started in");
  record.field_at(
      "url", [access](auto& t) -> auto& { return access(t).url; }, config::base_url(),
      "where a server is that speaks Streamable HTTP");
  record
      .field_at(
          "headers", access,
          values_of(&ServerSettings::headers, config::map_of(config::line({.expected = "a header's value"}),
                                                             "a map of headers", models::header_problem)),
          "sent with every request, such as `Authorization: \"Bearer ${TOKEN}\"`")
      .secret();
  record.field_at(
      "protocol", [access](auto& t) -> auto& { return access(t).protocol; },
      config::one_of({{{"auto", "asked for"},
                       {std::string(kLegacyVersion), "and what came before it"},
                       {std::string(kModernVersion), "without sessions"}},
                      {}}),
      "which version of MCP the server speaks");
  record.field_at(
      "elicitation", [access](auto& t) -> auto& { return access(t).elicitation; },
      config::one_of({{{"refuse", "it is told that nobody answers"},
                       {"defaults", "a form is accepted with its defaults"}},
                      {}}),
      "what is said when the server asks for a form to be filled in");
  record.check([access](const T& t, Check& check) {
    const ServerSettings& server = access(t);
    if (!server.command.empty() && !server.url.empty())
      check.error("url", "a server is a `command` or has a `url`; leave one of them out");
    if (server.command.empty() && !(server.args.empty() && server.env.empty() && server.cwd.empty()))
      check.error("", "`args`, `env` and `cwd` belong to a `command`, which is missing");
    if (server.url.empty() && !server.headers.empty())
      check.error("headers", "they belong to a `url`, which is missing");
    if (!server.headers.empty() && !server.url.empty() && models::travels_open(server.url))
      check.warning("url", "the headers travel unencrypted; use https where the server has it");
  });
}

Record<ServerSettings> server() {
  Record<ServerSettings> record("An MCP server: a program that is started, or a URL");
  record.field("type", &ServerSettings::type,
               config::one_of({{{"stdio", "a `command`"},
                                {"http", "Streamable HTTP at a `url`"},
                                {"streamable-http", "the same"}},
                               {}}),
               "how it is reached; without it as the other keys say");
  add_server(record, [](auto& s) -> auto& { return s; });
  record.check([](const ServerSettings& s, Check& check) {
    if (s.command.empty() && s.url.empty()) check.error("", "write a `command`, or a `url`");
    if (s.type == "stdio" && s.command.empty()) check.error("type", "a server of this type has a `command`");
    if (s.type.ends_with("http") && s.url.empty()) check.error("type", "a server of this type has a `url`");
  });
  return record;
}

/// An entry as other programs write it, which have keys of their own.
class Entry final : public config::Shape<ServerSettings> {
 public:
  void read(const config::Node& node, ServerSettings& value, config::Reader& reader) const override {
    config::Node ours = node;
    std::erase_if(ours.members, [&](config::Member& member) {
      config::Reader::Inside inside(reader, member.key);
      if (member.key == "disabled")
        return config::boolean()->read(member.value, value.disabled, reader), true;
      if (member.key == "timeout")
        return reader.warning(member.place, "is not read here; write `timeout` in the section of `tools`"),
               true;
      if (member.key == "alwaysAllow" || member.key == "autoApprove")
        return reader.warning(member.place,
                              "is not read here; which calls wait for a person is said by an agent's "
                              "`approve`"),
               true;
      return false;
    });
    for (config::Member& member : ours.members) {
      if (member.key == "serverUrl" && !node.find("url")) member.key = "url";
      std::string& text = member.value.text;
      if (member.key == "type" && (text == "streamableHttp" || text == "streamable_http"))
        text = "streamable-http";
    }
    record_.read(ours, value, reader);
  }
  Json show(const ServerSettings& value) const override {
    Json shown = record_.show(value);
    if (value.disabled) shown["disabled"] = true;
    return shown;
  }
  Json schema() const override { return record_.schema(); }

 private:
  Record<ServerSettings> record_ = server();
};

void check_names(const SectionSettings& mcp, Check& check) {
  for (std::size_t i = 0; i < mcp.except.size(); ++i)
    if (std::ranges::find(mcp.tools, mcp.except[i]) != mcp.tools.end())
      check.error(fmt::format("except[{}]", i), fmt::format("`{}` is among `tools`, too", mcp.except[i]));
  for (const auto& [name, effect] : mcp.effects)
    if (!mcp.tools.empty() && std::ranges::find(mcp.tools, name) == mcp.tools.end())
      check.error("effects", fmt::format("`{}` is not among `tools`", name.substr(0, kNameShown)));
}

}  // namespace

config::ShapePtr<config::Entries<ServerSettings>> servers_section() {
  return config::entries_of<ServerSettings>(std::make_shared<Entry>(), &ServerSettings::name, "MCP server",
                                            "mcpServers");
}

config::Record<ToolSettings> tools_section() {
  Record<ToolSettings> tool("The tools of an MCP server, each as SECTION/TOOL");
  const auto names = [] {
    return config::list_of(config::line({.expected = "the name of a tool", .bytes_max = bounds::kNameBytes}),
                           "a list of tools, as the server calls them", kNamesMax);
  };
  tool.field_at(
      "server", [](auto& t) -> auto& { return t.mcp.server; }, config::reference("mcpServers", "MCP server"),
      "which entry of `mcpServers`; or say here how it is reached");
  add_server(tool, [](auto& t) -> auto& { return t.mcp.own; });
  tool.field_at(
      "tools", [](auto& t) -> auto& { return t.mcp.tools; }, names(),
      "only those of its tools; without it all");
  tool.field_at("except", [](auto& t) -> auto& { return t.mcp.except; }, names(), "none of those");
  tool.field_at(
      "effects", [](auto& t) -> auto& { return t.mcp.effects; },
      config::map_of(config::one_of({{{"pure", "reads only"},
                                      {"idempotent", "may be sent again"},
                                      {"at_most_once", "never sent twice"}},
                                     {}}),
                     "a map of effects by tool", any_name),
      "what calling a tool twice would mean. What a server says of it itself is not believed: without "
      "an entry here it is at_most_once");
  tool.field_at(
      "resources", [](auto& t) -> auto& { return t.mcp.resources; }, config::boolean(),
      "tools that list and read its resources, too");
  tool.field_at(
      "prompts", [](auto& t) -> auto& { return t.mcp.prompts; }, config::boolean(),
      "tools that list and fill in its prompts, too");
  tool.field_at(
          "timeout", [](auto& t) -> auto& { return t.mcp.timeout; }, config::duration(100ms, 1h),
          "how long a call may go without an answer and without progress; without it 60s")
      .without_default();
  tool.field_at(
          "timeout_max", [](auto& t) -> auto& { return t.mcp.timeout_max; }, config::duration(100ms, 1h),
          "how long a call may take, whatever its progress; an agent's `limits.tool_time` holds beside it")
      .without_default();
  tool.check([](const ToolSettings& t, Check& check) {
    const bool own = !t.mcp.own.command.empty() || !t.mcp.own.url.empty();
    if (own == !t.mcp.server.empty())
      check.error(
          "", own ? "`server` names one already; leave out `command` and `url`"
                  : "no server: write `server: NAME` of an entry in `mcpServers`, a `command` or a `url`");
    check_names(t.mcp, check);
  });
  return tool;
}

}  // namespace troupe::tools::mcp
