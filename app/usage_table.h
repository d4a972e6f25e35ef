#pragma once

#include "runtime/base/json.h"
#include "runtime/store/usage.h"

#include <string>
#include <string_view>
#include <vector>

namespace troupe::app {

/// What `troupe runs usage` adds up by: day, tenant, session, agent, target, model.
std::vector<std::string> usage_words();
/// One of them; day for any other word.
store::UsageBy usage_by(std::string_view word);

/// A word for a day: "2026-11-29" of a calendar. Nothing else.
bool is_day(std::string_view text);

/// The rows with numbers that stand in columns, and their sum where there are several. Pure.
std::string usage_table(const std::vector<store::UsageRow>& rows, std::string_view word);
Json usage_json(const store::UsageRow& row, std::string_view word);

}  // namespace troupe::app
