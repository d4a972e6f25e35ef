#include "tests/floors/compile_alone.h"

#include <doctest/doctest.h>

using namespace troupe::floors;

TEST_CASE("every header compiles alone") {
  const auto tree = SourceTree::read(TROUPE_SOURCE_DIR);
  std::vector<std::string> headers;
  for (const auto& [path, file] : tree.files()) {
    if (file.is_header()) headers.push_back(path);
  }

  const auto complaints = headers_that_do_not_compile_alone(tree, headers);

  CHECK_MESSAGE(complaints.empty(), lines(complaints));
}
