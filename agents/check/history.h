#pragma once

#include "agents/check/finding.h"
#include "runtime/base/event.h"
#include "runtime/base/json.h"
#include "runtime/store/audit_reader.h"
#include "runtime/store/journal.h"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace troupe::agents {

/// An event or a fact as it was recorded.
struct Record {
  std::int64_t pos = 0;  ///< in the whole log; those of one commit have no others between them
  std::int64_t n = 0;    ///< seq of an event; its number among the facts of its run
  int step = 0;
  bool fact = false;
  std::string_view type;
  std::string text;
  Json body;  ///< null: the text is no JSON object
  bool is(std::string_view event) const { return !fact && type == event; }
};

/// All that the journal has of one run, in the order in which it was written. What the checks of this folder
/// look at; they are pure.
struct History {
  store::RunRow row;
  std::vector<Record> records;

  /// What a fold is given: the facts and the events among the first `count` records.
  std::vector<store::Fact> facts(std::size_t count) const;
  std::vector<Frame> events(std::size_t count) const;

  /// True of a conversation that was imported: nobody was asked for anything in it.
  bool imported() const;
};

/// Without the gaps that dropped facts left; see agents/compaction.
History history_of(store::AuditReader::RunLog log);

/// Tells what is wrong with one run.
class RunFindings {
 public:
  /// `row` and `sink` outlive it.
  RunFindings(const store::RunRow& row, const FindingSink& sink) : row_(row), sink_(sink) {}

  void add(std::string_view invariant, std::int64_t seq, std::string what, std::string_view means);
  std::size_t count() const { return count_; }

 private:
  const store::RunRow& row_;
  const FindingSink& sink_;
  std::size_t count_ = 0;
};

inline constexpr std::size_t kRunFindings = 50;  ///< told of one run

}  // namespace troupe::agents
