#include "app/configuration.h"
#include "tests/fakes/fixtures.h"
#include "tests/fakes/test_environment.h"

#include <algorithm>
#include <filesystem>

#include <doctest/doctest.h>
#include <fmt/format.h>

using namespace troupe;
namespace fs = std::filesystem;

namespace {

constexpr std::string_view kMark = "# expect: ";

fakes::TestEnvironment environment() {
  fakes::TestEnvironment environment({{"HOME", "/home/tester"}, {"EMPTY", ""}, {"WORD", "many"}});
  environment.folder = TROUPE_SOURCE_DIR;
  return environment;
}

std::vector<std::string> broken_files() {
  std::vector<std::string> names;
  for (const auto& entry : fs::directory_iterator(fakes::fixture_path("config/broken")))
    if (entry.path().extension() == ".yaml") names.push_back(entry.path().filename());
  std::sort(names.begin(), names.end());
  return names;
}

// "5:12 phrase" from the first line.
std::string expectation(const std::string& name) {
  std::string text = fakes::read_fixture("config/broken/" + name);
  if (!text.starts_with(kMark)) return "";
  return text.substr(kMark.size(), text.find('\n') - kMark.size());
}

std::string joined(const std::vector<config::Problem>& problems) {
  std::string all;
  for (const auto& problem : problems) all += config::render(problem) + "\n";
  return all;
}

}  // namespace

TEST_CASE("every broken configuration is refused at its place, with its reason") {
  auto names = broken_files();
  REQUIRE(names.size() >= 60);
  for (const std::string& name : names) {
    const std::string folder = "tests/fixtures/config/broken/";
    std::string path = folder + name;
    app::Checked checked = app::load_configuration(path, environment());

    std::string expected = expectation(name);
    std::string place = expected.substr(0, expected.find(' '));  // LINE:COLUMN, or another file's
    std::string point = place.find(".yaml:") == std::string::npos ? path + ":" + place : folder + place;
    std::string phrase = expected.substr(std::min(expected.size(), expected.find(' ') + 1));
    INFO(path, " expects ", expected, "\n", joined(checked.problems));
    REQUIRE_MESSAGE(!expected.empty(), path);
    CHECK_FALSE(checked.configuration.has_value());
    REQUIRE_FALSE(checked.problems.empty());
    std::string first = config::render(checked.problems.front());
    CHECK(first.starts_with(point + ": error: "));
    CHECK(first.find(phrase) != std::string::npos);
  }
}
