#include "runtime/base/suggest.h"

#include <doctest/doctest.h>

using namespace troupe;

TEST_CASE("a near miss is suggested, a far one is not") {
  std::vector<std::string> known = {"model", "memory", "tools"};
  CHECK(did_you_mean("modle", known) == "; did you mean `model`?");
  CHECK(did_you_mean("tool", known) == "; did you mean `tools`?");
  CHECK(did_you_mean("banana", known) == "");
  CHECK(did_you_mean("", known) == "");
  CHECK(did_you_mean("x", known) == "");
}
