#pragma once

#include "runtime/base/result.h"

#include <string>
#include <string_view>
#include <vector>

namespace troupe::tools {

/// Which hosts a tool may ask, redirects included: names as they are, and `*.domain` for every name below a
/// domain (not for the domain itself). Compared in the form that a connection uses: lower case, ASCII, no
/// trailing dot. Beside it the guard of the HTTP client judges every address. Immutable; any thread.
class AllowedHosts {
 public:
  /// Error: invalid, naming the entry that is none.
  static Result<AllowedHosts> make(const std::vector<std::string>& entries);
  /// What is wrong with an entry, or "".
  static std::string problem(std::string_view entry);

  void add(std::string host) { exact_.push_back(std::move(host)); }
  bool empty() const { return exact_.empty() && below_.empty(); }
  /// `host`: as net::Url gives it.
  bool allows(std::string_view host) const;
  /// For messages: "crm.example, *.crm.example".
  std::string text() const;

 private:
  std::vector<std::string> exact_;
  std::vector<std::string> below_;  // ".crm.example"
};

}  // namespace troupe::tools
