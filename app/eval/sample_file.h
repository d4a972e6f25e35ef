#pragma once

#include "runtime/base/json.h"
#include "runtime/base/result.h"

#include <cstddef>
#include <fstream>
#include <map>
#include <string>

namespace troupe::app {

/// What each case gave, one JSON object a line, in the order of the cases and as soon as those before are
/// there: an evaluation that is ended in the middle leaves what it had. Loop thread or none.
class SampleFile {
 public:
  /// Not opened: what is put into it goes nowhere.
  SampleFile() = default;

  /// Begins the file anew. Errors: invalid (it cannot be written).
  Result<> open(const std::string& path);
  /// The sample of the case `index`, each once.
  void put(std::size_t index, Json sample);
  /// Writes those that wait for one before them, and begins again at 0. Errors: store (the disk).
  Result<> end_part();

 private:
  void write(const Json& sample);

  std::string path_;
  std::ofstream out_;
  std::map<std::size_t, Json> waiting_;
  std::size_t next_ = 0;
};

}  // namespace troupe::app
