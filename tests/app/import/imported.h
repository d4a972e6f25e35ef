#pragma once

#include "app/configuration.h"
#include "app/import/draft.h"
#include "runtime/config/yaml_text.h"
#include "tests/fakes/fixtures.h"
#include "tests/fakes/test_environment.h"

#include <string>
#include <vector>

#include <doctest/doctest.h>

namespace troupe::app::testing {

inline std::string fixture(const std::string& name) {
  return fakes::fixture_path("import/" + name);
}

inline std::string yaml(const Result<Imported>& imported) {
  REQUIRE_MESSAGE(imported, imported.error().message);
  return config::yaml_text(imported->configuration);
}

/// What was written as a configuration, which must have no problems where its variables are set.
inline Configuration configured(const Result<Imported>& imported) {
  const std::string text = yaml(imported);
  fakes::TestEnvironment environment({{"HOME", "/home/tester"}});
  for (const std::string& name : imported->variables) environment.set(name, "a-key");
  const Checked checked = load_configuration_text("imported.yaml", text, environment);
  CAPTURE(text);
  for (const config::Problem& problem : checked.problems) FAIL_CHECK(config::render(problem));
  REQUIRE(checked.configuration);
  return *checked.configuration;
}

/// The texts of the notes about a key.
inline std::vector<std::string> notes_of(const Imported& imported, const std::string& key) {
  std::vector<std::string> texts;
  for (const ImportNote& note : imported.notes)
    if (note.key == key) texts.push_back(note.text);
  return texts;
}

/// Keys that have no note.
inline std::vector<std::string> without_note(const Imported& imported, const std::string& path,
                                             const std::vector<std::string>& keys) {
  std::vector<std::string> missing;
  for (const std::string& key : keys)
    if (notes_of(imported, path + "." + key).empty()) missing.push_back(key);
  return missing;
}

}  // namespace troupe::app::testing
