#include "agents/check/stream_check.h"

#include "agents/runs/fact_fields.h"
#include "runtime/base/json.h"
#include "runtime/store/chain.h"
#include "runtime/store/gap.h"

#include <utility>

#include <fmt/format.h>

namespace troupe::agents {

namespace {

constexpr std::size_t kRunsKnown = 1'000;  // of one stream at once

constexpr std::string_view kLost = "records were lost, changed or doubled after they were written";

}  // namespace

void StreamCheck::take(const store::LoggedRow& row) {
  if (row.stream != stream_) begin(row);
  place_ = row.is_fact() || row.run == 0 ? std::nullopt : place_of(row.run);
  check_link(row);
  if (row.is_fact() && row.run != row.stream / 2)
    tell("I2", row, fmt::format("fact {} is marked as one of another run", row.n), kLost);
  if (!row.is_fact()) check_event(row);
  if (!row.is_fact() && row.run != 0) check_place(row);
}

std::optional<store::RunPlace> StreamCheck::place_of(std::int64_t run) {
  if (runs_.size() > kRunsKnown) runs_.clear();
  auto known = runs_.find(run);
  if (known == runs_.end()) known = runs_.emplace(run, names_.run(run)).first;
  return known->second;
}

void StreamCheck::begin(const store::LoggedRow& row) {
  stream_ = row.stream;
  n_ = 0;
  chain_ = 0;
  runs_.clear();
  name_ = names_.stream(row.stream);
  const bool known = row.is_fact() ? !name_.run.empty() : !name_.session.empty();
  if (!known)
    tell("I1", row,
         fmt::format("the log has {} of {} {}, which no row names", row.is_fact() ? "facts" : "events",
                     row.is_fact() ? "run number" : "session number", row.stream / 2),
         "a run or a session that was acknowledged cannot be found any more");
}

// What is told of a row is about that row: the chain goes on from what the file has.
void StreamCheck::check_link(const store::LoggedRow& row) {
  const std::string_view kind = row.is_fact() ? "fact" : "event";
  const auto gap = row.is_fact() ? store::gap_of(row.type, row.body) : std::nullopt;
  const std::int64_t first = gap ? gap->from : row.n;
  if (first != n_ + 1)
    tell("I2", row,
         n_ == 0 ? fmt::format("the first {} has number {}", kind, first)
                 : fmt::format("{} {} follows on {}", kind, first, n_),
         kLost);
  else if (row.chain != store::link(chain_, row.n, row.step, row.type, row.body))
    tell("I2", row, fmt::format("{} {} ({}) does not match its checksum", kind, row.n, row.type), kLost);
  n_ = row.n;
  chain_ = gap ? gap->chain : row.chain;
}

void StreamCheck::check_event(const store::LoggedRow& row) {
  constexpr std::string_view kMeans = "clients that ask for it get something else than is meant";
  auto body = parse_json(row.body);
  if (!body)
    return tell("I2", row, fmt::format("event {} is no JSON: {}", row.n, body.error().message), kMeans);
  if (number_or(*body, "seq") != row.n || string_or(*body, "type") != row.type)
    tell("I2", row,
         fmt::format("event {} ({}) says of itself that it is {} ({})", row.n, row.type,
                     number_or(*body, "seq"), string_or(*body, "type")),
         kMeans);
  if (!name_.session.empty() && string_or(*body, "session") != name_.session)
    tell("I2", row, fmt::format("event {} says that it is of session {}", row.n, string_or(*body, "session")),
         kMeans);
}

void StreamCheck::check_place(const store::LoggedRow& row) {
  const auto& place = place_;
  if (!place || place->session != stream_ / 2)
    return tell("I1", row,
                fmt::format("event {} is of run {}, which {}", row.n,
                            place ? place->id : fmt::format("number {}", row.run),
                            place && place->session != 0 ? "is of another session" : "has no row"),
                "a run that was acknowledged cannot be found any more");
  if (place->first_seq == 0 || row.n < place->first_seq)
    tell("I1", row,
         fmt::format("event {} is of run {}, which begins at {}", row.n, place->id, place->first_seq),
         "something was told of a run before it was accepted");
  if (place->last_seq > 0 && row.n > place->last_seq)
    tell("I5", row,
         fmt::format("event {} ({}) is of run {}, which had ended at {}", row.n, row.type, place->id,
                     place->last_seq),
         "clients were told something of a run that was over");
}

void StreamCheck::tell(std::string_view invariant, const store::LoggedRow& row, std::string what,
                       std::string_view means) {
  sink_({.invariant = invariant,
         .session = name_.session,
         .run = place_ ? place_->id : name_.run,
         .seq = row.is_fact() ? 0 : row.n,
         .what = std::move(what),
         .means = means});
}

}  // namespace troupe::agents
