#include "tools/builtin/openapi/openapi_section.h"

#include "runtime/config/collections.h"
#include "runtime/config/scalars.h"
#include "tools/builtin/http/http_section.h"
#include "tools/builtin/openapi/document.h"
#include "tools/builtin/openapi/openapi_tool.h"

namespace troupe::tools {

namespace {

constexpr std::size_t kChosenMax = 200;

std::string scheme_problem(std::string_view name) {
  return name.empty() ? "is no name of a security scheme" : "";
}

config::ShapePtr<std::vector<std::string>> names(std::string one, std::string list) {
  return config::list_of(config::line({.expected = std::move(one)}), std::move(list), kChosenMax);
}

}  // namespace

config::Record<ToolSettings> openapi_section() {
  config::Record<ToolSettings> tool("A tool for each operation of an OpenAPI document");
  tool.field("description", &ToolSettings::description, config::text({.bytes_max = 4096}),
             "added to what the document says of each operation");
  tool.field("document", &ToolSettings::document, config::path(config::There::file),
             "the document, OpenAPI 3.0 or 3.1, YAML or JSON")
      .required();
  tool.field("operations", &ToolSettings::operations, names("an operationId", "a list of operationIds"),
             "only these, by `operationId` (or `get /path` where there is none)");
  tool.field("tags", &ToolSettings::tags, names("a tag", "a list of tags"),
             "only operations with one of these tags");
  tool.field(
      "methods", &ToolSettings::methods,
      config::list_of(
          config::one_of(
              {{{"GET", ""}, {"HEAD", ""}, {"POST", ""}, {"PUT", ""}, {"PATCH", ""}, {"DELETE", ""}}, {}}),
          "a list of methods", 6),
      "only operations with one of these methods: `[GET]` gives tools that read");
  tool.field("base_url", &ToolSettings::base_url, config::base_url(),
             "where the service is, in place of the document's `servers`");
  tool.field("security", &ToolSettings::security,
             secret_lines("keys by the names of security schemes", scheme_problem),
             "an API key, a token, or `user:password` for each security scheme of the document")
      .secret();
  add_exchange_keys(tool);
  tool.check([](const ToolSettings& t, config::Check& check) {
    auto text = check.environment().read_file(t.document, openapi::kDocumentBytes);
    if (!text) return check.error("document", text.error().message);
    for (const SettingsProblem& problem : openapi::choose(t, *text).problems)
      check.error(problem.field, problem.text);
  });
  return tool;
}

}  // namespace troupe::tools
