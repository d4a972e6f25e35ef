#include "app/configuration.h"
#include "tests/fakes/test_environment.h"

#include <fstream>
#include <sstream>
#include <string>

#include <doctest/doctest.h>

using namespace troupe;

namespace {

constexpr const char* kWorld = R"(version: 1
artifacts: ./out
models: { main: { provider: builtin } }
agents: { researcher: { model: main }, writer: { model: main }, editor: { model: main } }
)";

}  // namespace

TEST_CASE("every example of the page about teams is a configuration without problems") {
  std::ifstream file(std::string(TROUPE_SOURCE_DIR) + "/docs/teams.md");
  std::stringstream page;
  page << file.rdbuf();
  const std::string text = page.str();
  const std::string fence = "```yaml\n";
  int examples = 0;
  for (std::size_t at = text.find(fence); at != text.npos; at = text.find(fence, at + 1)) {
    const std::size_t from = at + fence.size();
    const std::string example = text.substr(from, text.find("```", from) - from);
    if (!example.starts_with("teams:")) continue;
    ++examples;
    const fakes::TestEnvironment environment;
    CAPTURE(example);
    const app::Checked checked = app::load_configuration_text("teams.md", kWorld + example, environment);
    for (const config::Problem& problem : checked.problems) FAIL_CHECK(config::render(problem));
    CHECK(checked.configuration.has_value());
  }
  CHECK(examples == 9);  // one of each pattern, and notes
}
