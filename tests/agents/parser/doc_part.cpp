#include "tests/agents/parser/doc_part.h"

#include <cstdlib>
#include <fstream>
#include <iterator>

#include <doctest/doctest.h>

namespace troupe::tests {

void check_doc_part(const std::string& page, const std::string& name, const std::string& text) {
  const std::string path = TROUPE_SOURCE_DIR "/" + page;
  std::ifstream file(path);
  const std::string whole{std::istreambuf_iterator<char>(file), {}};
  const std::string opening = "<!-- " + name + ": written by test_agents -->\n";
  const std::size_t begin = whole.find(opening);
  const std::size_t end = whole.find("<!-- end of " + name + " -->\n");
  REQUIRE(begin != std::string::npos);
  REQUIRE(end != std::string::npos);
  const std::size_t from = begin + opening.size();

  if (std::getenv("TROUPE_WRITE_DOCS")) {
    std::ofstream(path) << whole.substr(0, from) << text << whole.substr(end);
    return;
  }
  CHECK_MESSAGE(
      whole.substr(from, end - from) == text,
      page << " is out of date; write it anew: TROUPE_WRITE_DOCS=1 build/asan/tests/agents/test_agents");
}

}  // namespace troupe::tests
