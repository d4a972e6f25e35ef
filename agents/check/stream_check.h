#pragma once

#include "agents/check/finding.h"
#include "runtime/store/audit_reader.h"

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>

namespace troupe::agents {

/// I2, over the whole log, row by row: the numbers of each stream are 1, 2, 3 … without a gap and each row
/// bears the checksum over the one before it. With it what concerns single rows: that an event says the same
/// in its text as in its columns, and stands within the run that it is of (I1, I5).
class StreamCheck {
 public:
  struct Names {
    std::function<store::StreamName(std::int64_t stream)> stream;
    std::function<std::optional<store::RunPlace>(std::int64_t run)> run;
  };
  /// Both outlive it; `names` are asked while a row is taken.
  StreamCheck(Names names, const FindingSink& sink) : names_(std::move(names)), sink_(sink) {}

  /// Rows come stream by stream, each in the order of its numbers.
  void take(const store::LoggedRow& row);

 private:
  void begin(const store::LoggedRow& row);
  std::optional<store::RunPlace> place_of(std::int64_t run);
  void check_link(const store::LoggedRow& row);
  void check_event(const store::LoggedRow& row);
  void check_place(const store::LoggedRow& row);
  void tell(std::string_view invariant, const store::LoggedRow& row, std::string what,
            std::string_view means);

  const Names names_;
  const FindingSink& sink_;
  std::int64_t stream_ = -1;
  std::int64_t n_ = 0;
  std::uint32_t chain_ = 0;
  store::StreamName name_;
  std::optional<store::RunPlace> place_;                         // of the run that the row at hand is of
  std::map<std::int64_t, std::optional<store::RunPlace>> runs_;  // of this stream, a few of them
};

}  // namespace troupe::agents
