#pragma once

#include "runtime/base/result.h"

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

namespace troupe::config {

/// What a configuration may learn of the machine it is read on. Tests and the fuzz target bring their own.
class Environment {
 public:
  virtual ~Environment() = default;
  /// An environment variable; nothing when it is not set.
  virtual std::optional<std::string> variable(const std::string& name) const = 0;
  /// A file's bytes. Errors: not_found, invalid (a directory), denied, too_large, store; the message is a
  /// reason without the path ("no such file").
  virtual Result<std::string> read_file(const std::string& path, std::size_t bytes_max) const = 0;
  /// Paths that match a pattern of `*`, `?` and `[…]`, sorted; none is not an error.
  virtual std::vector<std::string> glob(const std::string& pattern) const = 0;
  virtual bool exists(const std::string& path) const = 0;
  virtual bool is_directory(const std::string& path) const = 0;
  /// Where relative paths of the command line start.
  virtual std::string working_directory() const = 0;
};

/// The process's own. Blocking; used at start and reload only.
class ProcessEnvironment : public Environment {
 public:
  std::optional<std::string> variable(const std::string& name) const override;
  Result<std::string> read_file(const std::string& path, std::size_t bytes_max) const override;
  std::vector<std::string> glob(const std::string& pattern) const override;
  bool exists(const std::string& path) const override;
  bool is_directory(const std::string& path) const override;
  std::string working_directory() const override;
};

}  // namespace troupe::config
