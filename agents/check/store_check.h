#pragma once

#include "agents/check/finding.h"
#include "agents/check/run_machine.h"
#include "runtime/base/result.h"
#include "runtime/store/audit_reader.h"

#include <cstdint>
#include <functional>
#include <map>
#include <string_view>

namespace troupe::agents {

struct CheckOptions {
  bool beside = false;           ///< a daemon has the store: see AuditReader::structure()
  bool every_beginning = false;  ///< see check_beginnings()
};

/// How far a check has come. `total` is known beforehand and may be a little off beside a daemon.
struct CheckProgress {
  std::string_view stage;  ///< for people, a literal
  std::int64_t done = 0;
  std::int64_t total = 0;
};

/// What a check went through.
struct CheckReport {
  std::int64_t records = 0;  ///< events and facts
  std::int64_t runs = 0;
  std::int64_t sessions = 0;
  std::int64_t blobs = 0;
  std::int64_t findings = 0;
  bool damaged = false;  ///< the file itself: nothing beyond its structure was looked at
  std::map<NextAction, std::int64_t> unfinished;  ///< runs that a start takes up, by what it does with them
};

/// Holds everything in a store against the invariants of docs/journal.md, beside a daemon that writes it or
/// on a store that nobody has. Findings are told as they come; a store without any is whole. What is at work
/// while it is read is not told. Memory: one run, and some figures of a session. Errors: store (it cannot be
/// read to its end).
Result<CheckReport> check_store(store::AuditReader& reader, CheckOptions options, const FindingSink& found,
                                const std::function<void(const CheckProgress&)>& progress);

}  // namespace troupe::agents
