#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace troupe::store {

/// One line of the log as it was written: an event of a session, or a fact of a run.
struct LogLine {
  std::int64_t at = 0;    ///< its place in the log: lines of all streams in the order of their commits
  std::int64_t seq = 0;   ///< of an event; 0: a fact
  std::string run;        ///< "": an event of the session alone
  std::string_view type;  ///< a literal, or owned by a table that lives as long as the process
  int step = 0;
  std::string body;  ///< JSON text
  bool is_event() const { return seq != 0; }
};

}  // namespace troupe::store
