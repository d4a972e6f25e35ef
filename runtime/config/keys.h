#pragma once

#include "runtime/base/json.h"
#include "runtime/config/reader.h"

#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace troupe::config {

/// One key of a record, apart from the type of its value.
struct Key {
  std::string name;
  std::string about;  ///< one line for editors
  bool required = false;
  bool secret = false;
  bool group = false;       ///< its own keys have defaults, it has none
  bool external = false;    ///< read by somebody else (the loader's `include`)
  bool no_default = false;  ///< absent means none, unknown or automatic: nothing to state
};

/// The keys of one record: which there are, which are reserved for what is not built yet, and what to tell
/// people who write another. The part of a record that does not depend on its type.
class Keys {
 public:
  std::vector<Key> known;
  std::vector<std::string> reserved;
  std::map<std::string, std::string, std::less<>> advice;  ///< for keys people are known to try

  /// Reads a map (null is an empty one): `read(i, value)` for each known key in file order; unknown, reserved
  /// and missing keys are reported.
  void read(const Node& node, Reader& reader,
            const std::function<void(std::size_t, const Node&)>& read) const;

  /// An object schema from the schemas and defaults (null: none) of the known keys.
  Json schema(std::string_view about, const std::vector<Json>& properties,
              const std::vector<Json>& defaults) const;

 private:
  /// Returns what it said.
  std::string report_unknown(const Member& member, Reader& reader) const;
};

/// Nothing worth stating: null, "", [] or {}.
bool blank(const Json& value);

/// Reports what only shows when a whole record is known. Made anew for each record that was read without
/// errors.
class Check {
 public:
  Check(const Node& node, Reader& reader) : node_(node), reader_(reader) {}
  /// At the value of `key` ("auth.tokens[1].name"), or as near as there is something; "": at the record.
  void error(std::string_view key, std::string_view text) { report(Severity::error, key, text); }
  void warning(std::string_view key, std::string_view text) { report(Severity::warning, key, text); }
  /// For an entry of a section below this record: "agent `x`".
  Check entry(std::string_view section, const std::string& name, std::string noun) const;
  /// The record has this key, be it with the default's value.
  bool given(std::string_view key) const { return node_.find(key) != nullptr; }
  const Environment& environment() const { return reader_.environment(); }

 private:
  void report(Severity severity, std::string_view key, std::string_view text);
  struct Within {
    std::string key;
    std::string noun;
  };
  const Node& node_;
  Reader& reader_;
  std::vector<Within> within_;
};

}  // namespace troupe::config
