#include "app/configuration.h"
#include "tests/docs/configuration_reference.h"

#include <cstdlib>
#include <fstream>
#include <iterator>
#include <string>

#include <doctest/doctest.h>

namespace {

constexpr const char* kPath = TROUPE_SOURCE_DIR "/docs/configuration.md";
constexpr std::string_view kBegin = "<!-- reference: written by test_docs -->\n";
constexpr std::string_view kEnd = "<!-- end of reference -->\n";

std::string read(const std::string& path) {
  std::ifstream file(path);
  return {std::istreambuf_iterator<char>(file), {}};
}

}  // namespace

TEST_CASE("docs/configuration.md lists every key as the schema has it") {
  const auto page = read(kPath);
  const auto begin = page.find(kBegin);
  const auto end = page.find(kEnd);
  REQUIRE(begin != std::string::npos);
  REQUIRE(end != std::string::npos);
  const auto from = begin + kBegin.size();

  const auto reference = troupe::docs::configuration_reference(troupe::app::schema_text());

  if (std::getenv("TROUPE_WRITE_DOCS")) {
    std::ofstream(kPath) << page.substr(0, from) << reference << page.substr(end);
    return;
  }
  CHECK_MESSAGE(page.substr(from, end - from) == reference,
                "the page is out of date; write it anew: TROUPE_WRITE_DOCS=1 build/dev/tests/docs/test_docs");
}
