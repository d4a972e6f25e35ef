#include "tools/section.h"

#include "memory/knowledge/section.h"
#include "runtime/config/choice.h"
#include "runtime/config/hosts.h"
#include "runtime/config/scalars.h"
#include "tools/builtin/code/code_section.h"
#include "tools/builtin/files/files_section.h"
#include "tools/builtin/http/http_section.h"
#include "tools/builtin/image/image_section.h"
#include "tools/builtin/openapi/openapi_section.h"
#include "tools/mcp/section.h"

#include <algorithm>

namespace troupe::tools {

namespace {

using config::Record;

constexpr std::size_t kDomainsMax = 150;  // what Tavily takes
constexpr const char* kZones = "/usr/share/zoneinfo";

std::string domain_problem(std::string_view domain) {
  if (domain.find("://") != std::string_view::npos || domain.find('/') != std::string_view::npos)
    return "write the host alone, without `https://` and path";
  if (domain.starts_with("*.")) domain.remove_prefix(2);
  return config::valid_host(domain) ? "" : "it is not a host name";
}

// A Wikipedia edition's subdomain: "en", "ko", "zh-min-nan", "simple".
std::string language_problem(std::string_view language) {
  bool letters = std::all_of(language.begin(), language.end(),
                             [](char c) { return (c >= 'a' && c <= 'z') || c == '-'; });
  if (letters && language.size() >= 2 && language.size() <= 16 && language.front() != '-' &&
      language.back() != '-')
    return "";
  return "write the code of an edition of Wikipedia, such as `en` or `ko`";
}

std::string zone_problem(std::string_view zone) {
  auto allowed = [](char c) {
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
           std::string_view("/_+-").find(c) != std::string_view::npos;
  };
  if (std::all_of(zone.begin(), zone.end(), allowed) && zone.front() != '/' && zone.size() <= 64) return "";
  return "write an IANA name such as `Europe/Berlin`";
}

config::ShapePtr<std::vector<std::string>> domains() {
  return config::list_of(config::line({.expected = "a domain", .check = domain_problem}), "a list of domains",
                         kDomainsMax);
}

void add_common(Record<ToolSettings>& tool) {
  tool.field("description", &ToolSettings::description, config::text({.bytes_max = 4096}),
             "what the model is told the tool does; without it the tool's own words");
}

Record<ToolSettings> calculator() {
  Record<ToolSettings> tool("Exact arithmetic");
  add_common(tool);
  return tool;
}

Record<ToolSettings> clock() {
  Record<ToolSettings> tool("The date and the time");
  add_common(tool);
  tool.field("timezone", &ToolSettings::timezone,
             config::line({.expected = "a time zone", .check = zone_problem}),
             "IANA name of the zone when the model names none");
  tool.check([](const ToolSettings& t, config::Check& check) {
    if (t.timezone == "UTC" || !check.environment().is_directory(kZones)) return;  // nothing to check against
    // A zone may itself be a folder's name ("America"), which is none.
    auto file = check.environment().read_file(std::string(kZones) + "/" + t.timezone, 1u << 20);
    if (!file || !file->starts_with("TZif"))
      check.error("timezone",
                  "no such time zone on this machine; write an IANA name such as `Europe/Berlin`");
  });
  return tool;
}

Record<ToolSettings> retriever() {
  Record<ToolSettings> tool("Passages of a knowledge base, numbered so that answers can cite them");
  add_common(tool);
  tool.field("knowledge", &ToolSettings::knowledge, config::reference("knowledge", "knowledge base"),
             "which knowledge base it searches")
      .required();
  tool.field("search", &ToolSettings::search, config::shape(memory::overrides_section()),
             "how, where that is not as the knowledge base says")
      .without_default();
  return tool;
}

Record<ToolSettings> tavily() {
  Record<ToolSettings> tool("Web search by Tavily");
  add_common(tool);
  tool.field("api_key", &ToolSettings::api_key, config::line({.expected = "a key"}), "the key of the service")
      .secret();
  tool.field("base_url", &ToolSettings::base_url, config::base_url(), "another server with the same API");
  tool.field("max_results", &ToolSettings::max_results, config::integer<int>(1, 20),
             "how many results a search brings");
  tool.field("search_depth", &ToolSettings::search_depth,
             config::one_of({{{"basic", "one credit"}, {"advanced", "two credits, better snippets"}}, {}}),
             "how hard to search");
  tool.field("topic", &ToolSettings::topic,
             config::one_of({{{"general", ""}, {"news", ""}, {"finance", ""}}, {}}),
             "what kind of pages; without it the service decides");
  tool.field("include_answer", &ToolSettings::include_answer, config::boolean(),
             "ask the service for a short answer, too");
  tool.field("include_domains", &ToolSettings::include_domains, domains(), "only results of these hosts");
  tool.field("exclude_domains", &ToolSettings::exclude_domains, domains(), "no results of these hosts");
  tool.check([](const ToolSettings& t, config::Check& check) {
    if (t.api_key.empty() && t.base_url.empty())
      check.error("", "`api_key` is missing: the service wants one; write `api_key: \"${TAVILY_API_KEY}\"`");
  });
  return tool;
}

Record<ToolSettings> wikipedia() {
  Record<ToolSettings> tool("Wikipedia: search, summaries, sections, look-up in a page");
  add_common(tool);
  tool.field("language", &ToolSettings::language,
             config::line({.expected = "a language", .check = language_problem}),
             "which edition, when the model names none");
  tool.field("sentences", &ToolSettings::sentences, config::integer<int>(1, 50), "length of a summary");
  tool.field("base_url", &ToolSettings::base_url, config::base_url(),
             "another MediaWiki, in place of https://LANGUAGE.wikipedia.org");
  return tool;
}

Record<ToolSettings> ask_human() {
  Record<ToolSettings> tool("A question to whoever has the conversation open");
  add_common(tool);
  tool.field("default_answer", &ToolSettings::default_answer, config::text({.expected = "an answer"}),
             "what counts as the answer when an agent's `approvals.timeout` is over");
  return tool;
}

Record<ToolSettings> plugin() {
  Record<ToolSettings> tool("Tools of a plugin");
  add_common(tool);
  tool.field("plugin", &ToolSettings::plugin, config::reference("plugins", "plugin"),
             "which plugin has it; without it all tools of all in `plugins_from`, as NAME/PLUGIN_TOOL");
  tool.field("tool", &ToolSettings::tool, config::line({.expected = "a tool of the plugin"}),
             "which of its tools; without it all of them, as NAME/TOOL");
  tool.check([](const ToolSettings& t, config::Check& check) {
    if (t.plugin.empty() && !t.tool.empty()) check.error("tool", "of which plugin? Name it as `plugin`");
  });
  return tool;
}

Record<ToolSettings> chain() {
  Record<ToolSettings> tool("A chain, as a tool");
  add_common(tool);
  tool.field("chain", &ToolSettings::chain, config::reference("targets", "chain"),
             "the name of an entry of `chains`; its inputs are the tool's")
      .required();
  return tool;
}

}  // namespace

config::ShapePtr<config::Entries<ToolSettings>> section() {
  config::Choice<ToolSettings> type("type", &ToolSettings::type,
                                    {{"ask_human", "a question to a person", ask_human()},
                                     {"calculator", "exact arithmetic", calculator()},
                                     {"clock", "the date and the time", clock()},
                                     {"code", "Python that the model writes", code_section()},
                                     {"files", "files below a folder", files_section()},
                                     {"http", "a request of your own", http_section()},
                                     {"image", "pictures of an images endpoint", image_section()},
                                     {"mcp", "the tools of an MCP server", mcp::tools_section()},
                                     {"openapi", "the operations of a document", openapi_section()},
                                     {"retriever", "a knowledge base", retriever()},
                                     {"tavily", "web search", tavily()},
                                     {"wikipedia", "the encyclopedia", wikipedia()},
                                     {"plugin", "a shared library of your own", plugin()},
                                     {"chain", "a chain of this configuration", chain()}},
                                    {"delegate", "handoff"});
  return config::entries_of<ToolSettings>(config::shape(std::move(type)), &ToolSettings::name, "tool",
                                          "tools");
}

}  // namespace troupe::tools
