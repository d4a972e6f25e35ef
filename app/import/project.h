#pragma once

#include "runtime/base/result.h"
#include "runtime/config/environment.h"
#include "runtime/config/node.h"

#include <string>
#include <vector>

namespace troupe::app {

/// The files of a project that is imported: YAML, or JSON with comments. Bounded as configurations are
/// (runtime/config/yaml.h), limits::kConfigFiles of them. Nothing in them is run or looked up.
class Project {
 public:
  explicit Project(const config::Environment& environment) : environment_(environment) {}

  /// Reads a file; relative paths start at the working directory. Blocking. Errors: those of
  /// Environment::read_file, invalid (no YAML; every problem with its place), too_large (too many files).
  Result<config::Node> read(const std::string& path);
  bool exists(const std::string& path) const { return environment_.exists(path); }

  /// "agents.yaml:3:5"
  std::string point(const config::Place& place) const { return sources_.point(place); }
  /// Of the file that the node stands in, as it was named.
  const std::string& name(const config::Node& node) const { return sources_.name(node.place.file); }

 private:
  const config::Environment& environment_;
  config::Sources sources_;
};

/// JSON with `//` and `/* */` comments without them; every other character keeps its place.
std::string without_comments(std::string text);

/// `name` beside the file `path`.
std::string beside(const std::string& path, const std::string& name);

/// The text of a scalar, "" of anything else.
std::string text_of(const config::Node* node);
/// The member's value; nullptr when there is none.
const config::Node* value_of(const config::Node& map, std::string_view key);
/// A scalar that means yes.
bool is_true(const config::Node& node);
/// The texts of a list, or of a single scalar.
std::vector<std::string> texts_of(const config::Node& node);

}  // namespace troupe::app
