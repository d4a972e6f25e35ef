#pragma once

#include "runtime/base/json.h"
#include "runtime/config/problem.h"

#include <string>
#include <vector>

namespace troupe::app {

/// What a person is told about one thing that an import did not carry over as it stood.
struct ImportNote {
  std::string place;  ///< "agents.yaml:3:5", or the file alone
  std::string key;    ///< "researcher.max_rpm"
  std::string text;   ///< why not, and what to do instead
};

/// What an import leaves for a person to do, in the order it was met. Each note is kept once.
class ImportNotes {
 public:
  void add(std::string place, std::string key, std::string text);
  const std::vector<ImportNote>& all() const { return notes_; }

 private:
  std::vector<ImportNote> notes_;
};

/// "agents.yaml:3:5: `researcher.max_rpm`: TEXT"
std::string render(const ImportNote& note);
Json to_json(const ImportNote& note);

}  // namespace troupe::app
