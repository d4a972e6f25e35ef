#pragma once

#include "app/import/notes.h"
#include "runtime/base/json.h"

#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace troupe::app {

struct ImportOptions {
  bool builtin = false;  ///< all models become `builtin`, so that what is written runs without keys
};

/// What an import came to.
struct Imported {
  Json configuration;                  ///< a configuration, as config::yaml_text() writes it
  std::vector<ImportNote> notes;       ///< what a person should look at
  std::vector<std::string> variables;  ///< of the environment, that it reads: OPENAI_API_KEY
};

/// A Troupe configuration on its way: sections that grow, names that stay unique.
class Draft {
 public:
  Draft(ImportOptions options, ImportNotes& notes) : options_(options), notes_(notes) {}

  /// The entry of `models` for what others write as "openai/gpt-4o", with further keys of it. What cannot be
  /// told becomes `builtin`, with a note. "": no model was named.
  std::string model(const std::string& written, Json further, const std::string& place,
                    const std::string& key);
  bool is_builtin(const std::string& model) const;

  /// The entry of `tools` for another framework's tool; "" (and a note) where there is none.
  std::string tool(const std::string& written, const std::string& place, const std::string& key);

  /// A name for an agent or a team: what is written, made to fit, and unique.
  std::string target_name(const std::string& written);
  void add_agent(const std::string& name, Json agent) { agents_[name] = std::move(agent); }
  Json& agent(const std::string& name) { return agents_[name]; }
  void add_team(const std::string& name, Json team) { teams_[name] = std::move(team); }
  void default_target(std::string name) { default_ = std::move(name); }
  void needs_artifacts() { artifacts_ = true; }

  Imported take() &&;

 private:
  std::string variable(const char* name);

  ImportOptions options_;
  ImportNotes& notes_;
  std::set<std::string> names_;
  std::vector<std::string> variables_;
  Json models_ = Json::object();
  Json tools_ = Json::object();
  Json agents_ = Json::object();
  Json teams_ = Json::object();
  std::string default_;
  bool artifacts_ = false;
};

/// A text that a configuration reads as it is: no `${…}` of another framework is filled.
std::string kept(std::string_view text);
/// A name of letters, digits and `_` that begins with a letter; `fallback` where nothing is left.
std::string plain_name(std::string_view written, std::string_view fallback);
/// The number that a text is within [least, most]; nothing when it is none.
std::optional<long long> whole_number(std::string_view text, long long least, long long most);

}  // namespace troupe::app
