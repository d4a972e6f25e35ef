#include "tools/builtin/image/image_section.h"

#include "runtime/config/collections.h"
#include "runtime/config/json_value.h"
#include "runtime/config/scalars.h"
#include "tools/builtin/http/allowed_hosts.h"
#include "tools/builtin/http/http_section.h"
#include "tools/builtin/image/image_tool.h"

#include <algorithm>
#include <cctype>
#include <chrono>
#include <utility>

namespace troupe::tools {

namespace {

using config::Check;

constexpr std::size_t kSizesMost = 20;
constexpr std::size_t kHostsMost = 100;
constexpr std::int64_t kPicturesMost = 10;
constexpr std::size_t kPictureLeast = 1'024;
constexpr std::size_t kPictureMost = std::size_t{64} << 20;
constexpr auto kTimeLeast = std::chrono::milliseconds(100);
constexpr auto kTimeMost = std::chrono::hours(1);

// "1024x1024", or a word such as "auto".
std::string size_problem(std::string_view size) {
  const auto good = [](unsigned char c) { return std::isalnum(c) || c == '_' || c == '-' || c == ':'; };
  return size.size() <= 32 && std::ranges::all_of(size, good)
             ? ""
             : "write a size as the service has it, such as `1024x1024`";
}

template <class M>
auto of(M ImageSettings::* member) {
  return [member](auto& tool) -> auto& { return tool.image.*member; };
}

}  // namespace

config::Record<ToolSettings> image_section() {
  config::Record<ToolSettings> tool(
      "Pictures of an images endpoint with OpenAI's API, written to the folder `artifacts`");
  tool.field("description", &ToolSettings::description, config::text({.bytes_max = 4096}),
             "what the model is told the tool does; without it the tool's own words");
  tool.field("api_key", &ToolSettings::api_key, config::line({.expected = "a key"}), "the key of the service")
      .secret();
  tool.field("base_url", &ToolSettings::base_url, config::base_url(),
             "another server with the same API; without it OpenAI's");
  tool.field("headers", &ToolSettings::headers, hidden_lines("headers", header_problem),
             "sent with every request for pictures; what `${…}` puts in is kept secret");
  tool.field_at("model", of(&ImageSettings::model), config::line({.expected = "a model", .bytes_max = 256}),
                "which model; without it the service decides");
  tool.field_at("sizes", of(&ImageSettings::sizes),
                config::list_of(config::line({.expected = "a size", .check = size_problem}),
                                "a list of sizes", kSizesMost),
                "the sizes that the agent may choose from; the first is taken where it names none. Without "
                "them the service decides");
  tool.field_at("max_images", of(&ImageSettings::most), config::integer<std::size_t>(1, kPicturesMost),
                "how many pictures one call may ask for");
  tool.field_at("parameters", of(&ImageSettings::parameters), config::json_object("parameters"),
                "further parameters of the request, such as `quality`, `background` or `response_format`");
  tool.field_at("max_bytes", of(&ImageSettings::bytes), config::bytes(kPictureLeast, kPictureMost),
                "how large a picture may be");
  tool.field("allow_hosts", &ToolSettings::allow_hosts,
             config::list_of(config::line({.expected = "a host", .check = AllowedHosts::problem}),
                             "a list of hosts", kHostsMost),
             "the only hosts that pictures are fetched from, where the service answers with their addresses; "
             "without it any public one");
  tool.field("timeout", &ToolSettings::timeout, config::duration(kTimeLeast, kTimeMost),
             "how long a call may take; an agent's `limits.tool_time` holds beside it, which is 30s where "
             "nothing is said")
      .without_default();
  tool.field("effect", &ToolSettings::effect,
             config::one_of({{{"idempotent", "may be sent again: the service honours `Idempotency-Key`"},
                              {"at_most_once", "never sent twice"}},
                             {}}),
             "what sending it twice would mean; without it at_most_once");
  tool.check([](const ToolSettings& t, Check& check) {
    for (const SettingsProblem& problem : ImageTool::problems(t)) check.error(problem.field, problem.text);
  });
  return tool;
}

}  // namespace troupe::tools
