#pragma once

#include "runtime/config/collections.h"
#include "runtime/config/document.h"
#include "runtime/config/reader.h"

#include <string_view>
#include <utility>
#include <vector>

#include <doctest/doctest.h>

namespace troupe::fakes {

/// What a section of the configuration makes of a text; fails the test where it has a problem.
template <class T>
std::vector<T> read_section(const config::ShapePtr<config::Entries<T>>& section, std::string_view text) {
  config::ProcessEnvironment environment;
  config::Sources sources;
  config::Problems problems(sources);
  auto tree = config::load_text("test.yaml", "/", text, sources, environment, problems);
  config::Reader reader(sources, environment, problems);
  config::Entries<T> entries;
  if (tree) section->read(*tree, entries, reader);
  for (const config::Problem& problem : problems.take({})) FAIL(problem.text);
  std::vector<T> settings;
  for (auto& [name, one] : entries) settings.push_back(std::move(one));
  return settings;
}

}  // namespace troupe::fakes
