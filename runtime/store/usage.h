#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

namespace troupe::store {

/// What calls to models used: of one of them, or added up.
struct Used {
  std::int64_t calls = 0;
  std::int64_t input_tokens = 0;
  std::int64_t output_tokens = 0;
  std::int64_t cached_tokens = 0;  ///< part of input_tokens
  double cost = 0;
  Used& operator+=(const Used& more);
};

/// A line for the ledger: what was used, when and for whom. Lines with the same words are added up.
struct Spending {
  std::string day;  ///< UTC, as utc_day() writes it
  std::string tenant;
  std::string session;
  std::string agent;   ///< who asked the model
  std::string target;  ///< whom the user had asked
  std::string model;   ///< entry of `models:`
  Used used;
};

/// How many rows the ledger is added up to at most: far more tenants than there are, and sessions that nobody
/// reads through.
inline constexpr std::size_t kUsageRows = 100'000;

enum class UsageBy { day, tenant, session, agent, target, model };

/// Which lines of the ledger are added up, and by which word. "" = all.
struct UsageQuery {
  UsageBy by = UsageBy::day;
  std::string tenant;
  std::string session;
  std::string agent;
  std::string since;  ///< the first day
  std::string until;  ///< the last day
  std::size_t limit = kUsageRows;
};

struct UsageRow {
  std::string key;  ///< the word they have in common: a day, a tenant …
  Used used;
};

/// The day of a moment in UTC: "2026-11-29". Days sort as text.
std::string utc_day(std::int64_t wall_ms);

}  // namespace troupe::store
