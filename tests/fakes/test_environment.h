#pragma once

#include "runtime/config/environment.h"

#include <map>
#include <optional>
#include <string>
#include <utility>

namespace troupe::fakes {

/// The machine's files, and only the variables a test names.
class TestEnvironment : public config::ProcessEnvironment {
 public:
  using Variables = std::map<std::string, std::string>;
  explicit TestEnvironment(Variables variables = {{"HOME", "/home/tester"}})
      : variables_(std::move(variables)) {}

  std::optional<std::string> variable(const std::string& name) const override {
    auto found = variables_.find(name);
    if (found == variables_.end()) return std::nullopt;
    return found->second;
  }
  void set(const std::string& name, std::string value) { variables_[name] = std::move(value); }

  std::string working_directory() const override {
    return folder.empty() ? ProcessEnvironment::working_directory() : folder;
  }
  std::string folder;  ///< "" = the process's own

 private:
  Variables variables_;
};

}  // namespace troupe::fakes
