#include "app/configuration.h"

#include <doctest/doctest.h>

using namespace troupe;

TEST_CASE("the built-in demo is a configuration without problems") {
  app::Checked demo = app::default_configuration();

  for (const auto& problem : demo.problems) MESSAGE(config::render(problem));
  REQUIRE(demo.configuration);
  CHECK(demo.problems.empty());
  CHECK(demo.configuration->default_target == "hello");
}
