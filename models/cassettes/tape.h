#pragma once

#include "models/cassettes/exchange.h"
#include "runtime/base/result.h"
#include "runtime/base/secret.h"

#include <cstddef>
#include <map>
#include <string>
#include <vector>

namespace troupe::models {

/// The exchanges of one file (JSON lines, mode 0600), in memory and on disk. Requests are found by their
/// form; one that was recorded several times is played in the order of recording, the last again and again.
/// One process at a time may add to a file: what another adds is not seen. Blocking file I/O; one thread.
class Tape {
 public:
  /// Reads the file. Errors: not_found when there is none (and `may_be_new` is false), invalid for a line
  /// that is no exchange (FILE:LINE), too_large, store when it cannot be read.
  static Result<Tape> open(std::string path, bool may_be_new, Secrets secrets);

  enum class Past {
    repeat,  ///< beyond the last recording of a request, that is played again
    good,    ///< the same, but not one that failed: asked again, it may not fail
  };
  /// The next exchange for this request; nullptr when there is none. Valid until the next append.
  const Exchange* find(const Json& request, Past past);
  /// Why find() gave nothing: the recording that comes nearest, and where it first differs.
  std::string explain_miss(const Json& request) const;
  /// Adds to memory and file, as played: secrets in the answer are masked in both. Errors: store; too_large
  /// when the file is full.
  Result<> append(Exchange exchange);

  std::size_t size() const { return exchanges_.size(); }
  const std::string& path() const { return path_; }
  const Secrets& secrets() const { return secrets_; }

 private:
  struct Takes {
    std::vector<std::size_t> exchanges;
    std::size_t next = 0;
  };
  Takes& index(Exchange exchange);

  std::string path_;
  Secrets secrets_;
  std::size_t bytes_ = 0;  // of the file
  std::vector<Exchange> exchanges_;
  std::map<std::string, Takes, std::less<>> takes_;  // by the request's text
};

}  // namespace troupe::models
