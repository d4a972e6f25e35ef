#include "runtime/config/scalars.h"

#include <doctest/doctest.h>

using namespace troupe;
using namespace troupe::config;

namespace {

std::string said(const std::string& written) {
  return Words{{{"openai", "its API"}, {"plugin/NAME", "a plugin's"}}, {"delegate"}}.check(
      Scalar{written, written});
}

}  // namespace

TEST_CASE("a word that ends in /NAME stands for all that begin so and say a name") {
  CHECK(said("openai").empty());
  CHECK(said("plugin/brain").empty());
  CHECK(said("plugin/a/b").empty());
  CHECK(said("plugin/").contains("expected one of `openai` and `plugin/NAME`, got `plugin/`"));
  CHECK(said("plugin").contains("got `plugin`"));
  CHECK(said("openai/x").contains("expected one of"));
  CHECK(said("delegate/x").contains("is not available"));
}

TEST_CASE("editors are told a word as it is, and a family of words by how it begins") {
  CHECK(dump(word_schema("openai")) == R"({"const":"openai"})");
  CHECK(dump(word_schema("plugin/NAME")) ==
        R"({"type":"string","pattern":"^plugin/.","title":"plugin/NAME"})");
}
