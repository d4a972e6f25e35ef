#pragma once

#include "runtime/base/result.h"
#include "runtime/store/journal.h"
#include "runtime/store/sqlite.h"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace troupe::store {

/// Kind of the fact that stands in the log for facts of its run that were dropped.
///
/// A gap bears the number of the last one it stands for, and its own checksum over the row before it, so that
/// it is found when it is damaged. Its text says from which number on facts are gone, and which checksum the
/// last one had: the row behind the gap was chained to that one and stays as it was written. So facts can be
/// dropped a few at a time, between others that stay, and the journal is whole after each time.
inline constexpr std::string_view kGap = "log.dropped";

struct Gap {
  std::int64_t from = 0;    ///< the first number that is gone; those up to its own are
  std::uint32_t chain = 0;  ///< the checksum that the next row goes on from
};

/// What a row of the log says where it is a gap; nothing for any other row, and for one that does not parse,
/// which its checksum finds.
std::optional<Gap> gap_of(std::string_view type, std::string_view body);

/// To commit: drops the facts `from` to `through` of a run that has ended, for good. It is a fact of kind
/// kGap itself; readers of facts are not handed it. The append fails, alone and wholly, with not_found (there
/// is no such run, or no such facts any more) or busy (the run has not ended).
Fact dropping(std::string run, std::int64_t from, std::int64_t through);

/// What the writer does with such a fact, in its transaction. A gap just before is taken into the new one.
/// Errors: those above; store.
Result<> drop(Database& database, const Fact& dropped);

}  // namespace troupe::store
