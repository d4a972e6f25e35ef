#pragma once

#include "runtime/base/json.h"
#include "runtime/base/result.h"

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace troupe::prompts {

/// A prompt file: front matter between two lines of "---" (name, description, variables), then a Mustache
/// template. Values are put in as they are: a prompt is not HTML, so nothing is escaped.
///
/// Mustache: https://mustache.github.io/mustache.5.html ({{name}}, {{#list}}…{{/list}},
/// {{^absent}}…{{/absent}}).
class Prompt {
 public:
  /// Errors: invalid (no front matter, an unknown front-matter key, a template that does not parse, a
  /// variable used but not declared), each with `source` and line.
  static Result<Prompt> parse(std::string_view text, std::string source);

  const std::string& description() const { return description_; }
  /// The variables it declares; the template uses no others at its top level.
  const std::vector<std::string>& variables() const { return variables_; }
  bool declares(std::string_view variable) const;
  /// Where it came from: "built in" or a path.
  const std::string& source() const { return source_; }

  /// Fills the template. Strings, numbers, booleans, arrays and objects of `values` become Mustache data; a
  /// declared variable that is missing, "" or false renders as absent. Several blank lines in a row become
  /// one. Errors: invalid (a value that was not declared).
  Result<std::string> render(const Json& values) const;

 private:
  std::string description_;
  std::vector<std::string> variables_;
  std::string source_;
  std::string template_;
};

/// All prompts by name: the built-in ones, and those of a folder that override them.
class PromptSet {
 public:
  /// `folder` "" = built-in ones only. Every *.md file of the folder must parse and must declare only
  /// variables that the prompt it overrides declares too. Errors: invalid, store (unreadable), each naming
  /// the file.
  static Result<PromptSet> load(const std::string& folder);

  /// A prompt file to be used where `name` would be; it must declare only variables which that one declares,
  /// too. Blocking. Errors: as load().
  Result<Prompt> read(const std::string& path, std::string_view name) const;

  /// nullptr when there is none of that name.
  const Prompt* find(std::string_view name) const;
  std::vector<std::string> names() const;

 private:
  Result<> only_known_variables(const Prompt& prompt, std::string_view name) const;

  std::map<std::string, Prompt, std::less<>> prompts_;
};

}  // namespace troupe::prompts
