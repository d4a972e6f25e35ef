#include "runtime/store/gap.h"

#include "runtime/base/json.h"
#include "runtime/store/chain.h"
#include "runtime/store/rows.h"

#include <utility>

#include <fmt/format.h>

namespace troupe::store {

namespace {

constexpr char kRun[] = "SELECT n, finished_ms FROM runs WHERE id = ? AND session IS NOT NULL";
constexpr char kRow[] = "SELECT pos, n, chain, type, body FROM log WHERE stream = ? AND n = ?";
constexpr char kBefore[] =
    "SELECT pos, n, chain, type, body FROM log WHERE stream = ? AND n < ? ORDER BY n DESC LIMIT 1";
constexpr char kDelete[] = "DELETE FROM log WHERE stream = ? AND n >= ? AND n <= ?";
constexpr char kInsert[] =
    "INSERT INTO log(pos, stream, n, run, step, type, chain, body) VALUES(?, ?, ?, ?, 0, ?, ?, ?)";

struct Owner {
  std::int64_t number = 0;
  bool ended = false;
};

/// A row as what follows on it sees it.
struct Link {
  std::int64_t pos = 0;
  std::int64_t n = 0;
  std::uint32_t chain = 0;  // that the next one goes on from
  std::optional<Gap> gap;
};

Owner owner(const Statement& row) {
  return {.number = row.integer(0), .ended = row.integer(1) != 0};
}

Link link_of(const Statement& row) {
  Link found{.pos = row.integer(0),
             .n = row.integer(1),
             .chain = static_cast<std::uint32_t>(row.integer(2)),
             .gap = gap_of(row.text(3), row.text(4))};
  if (found.gap) found.chain = found.gap->chain;
  return found;
}

std::int64_t number_in(const Json& body, std::string_view key) {
  const Json* member = find(body, key);
  return member && member->is_number_integer() ? member->get<std::int64_t>() : 0;
}

std::unexpected<Error> nothing_there(const Fact& dropped, std::int64_t from, std::int64_t through) {
  return fail(ErrorCode::not_found,
              fmt::format("run {}: facts {} to {} were to be dropped, and are not there", dropped.run, from,
                          through));
}

}  // namespace

std::optional<Gap> gap_of(std::string_view type, std::string_view body) {
  if (type != kGap) return std::nullopt;
  const auto json = parse_json(body);
  if (!json) return std::nullopt;
  return Gap{.from = number_in(*json, "from"),
             .chain = static_cast<std::uint32_t>(number_in(*json, "chain"))};
}

Fact dropping(std::string run, std::int64_t from, std::int64_t through) {
  return {.run = std::move(run),
          .kind = kGap,
          .step = 0,
          .body = dump(Json{{"from", from}, {"through", through}})};
}

Result<> drop(Database& database, const Fact& dropped) {
  const auto body = parse_json(dropped.body);
  const std::int64_t first = body ? number_in(*body, "from") : 0;
  const std::int64_t last = body ? number_in(*body, "through") : 0;
  auto run = one_row<Owner>(database, kRun, owner, dropped.run);
  if (!run) return fail(std::move(run.error()));
  if (!*run) return fail(ErrorCode::not_found, fmt::format("there is no run `{}`", dropped.run));
  if (!(*run)->ended)
    return fail(ErrorCode::busy, fmt::format("run {} has not ended: its facts are needed", dropped.run));
  const std::int64_t stream = (*run)->number * 2 + 1;

  auto through = one_row<Link>(database, kRow, link_of, stream, last);
  if (!through) return fail(std::move(through.error()));
  auto from = one_row<Link>(database, kRow, link_of, stream, first);
  if (!from) return fail(std::move(from.error()));
  if (first < 1 || first > last || !*through || !*from) return nothing_there(dropped, first, last);

  Gap gap{.from = first, .chain = (*through)->chain};
  auto before = one_row<Link>(database, kBefore, link_of, stream, first);
  if (before && *before && (*before)->gap) {
    gap.from = (*before)->gap->from;
    before = one_row<Link>(database, kBefore, link_of, stream, gap.from);
  }
  if (!before) return fail(std::move(before.error()));
  if (auto done = change(database, kDelete, stream, gap.from, last); !done) return done;
  const std::string text = dump(Json{{"from", gap.from}, {"chain", gap.chain}});
  const std::uint32_t chain = link(*before ? (*before)->chain : 0, last, 0, kGap, text);
  return change(database, kInsert, (*through)->pos, stream, last, (*run)->number, kGap, chain, text);
}

}  // namespace troupe::store
