#include "agents/check/store_check.h"

#include "agents/check/run_checks.h"
#include "agents/check/spending.h"
#include "agents/check/stream_check.h"
#include "agents/runs/fact_fields.h"
#include "runtime/base/sha256.h"
#include "runtime/bus/dead_letter_row.h"

#include <algorithm>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>

namespace troupe::agents {

namespace {

constexpr std::size_t kLogPage = 2'000;     // rows of the log read in one transaction
constexpr std::size_t kSessionPage = 100;   // rows
constexpr std::size_t kRunPage = 500;       // numbers
constexpr std::size_t kBlobPage = 50;       // texts
constexpr std::size_t kSnapshotsKnown = 8;  // configurations at once
constexpr std::size_t kLetterPage = 200;

bool is_hash(const std::string& text) {
  return text.size() == 64 && text.find_first_not_of("0123456789abcdef") == text.npos;
}

/// What the texts kept by content are referred to for, by one run.
std::vector<std::pair<std::string, std::string>> references(const History& history) {
  std::vector<std::pair<std::string, std::string>> found;
  if (is_hash(history.row.config)) found.emplace_back(history.row.config, "the configuration it began with");
  for (const Record& record : history.records)
    if (record.fact && record.type == "tool.more")
      if (std::string blob = string_or(record.body, "blob"); !blob.empty())
        found.emplace_back(std::move(blob),
                           fmt::format("the whole output of call {}", string_or(record.body, "call")));
  auto extra = parse_json(history.row.extra);
  if (const Json* list = extra ? find(*extra, "attachments") : nullptr; list && list->is_array())
    for (const Json& one : *list)
      if (std::string blob = string_or(one, "blob"); !blob.empty())
        found.emplace_back(std::move(blob), "an attachment");
  return found;
}

class StoreCheck {
 public:
  StoreCheck(store::AuditReader& reader, CheckOptions options, const FindingSink& found,
             const std::function<void(const CheckProgress&)>& progress)
      : reader_(reader), options_(options), progress_(progress), sink_([this, &found](Finding one) {
          ++report_.findings;
          found(std::move(one));
        }) {}

  Result<CheckReport> run() {
    if (auto done = check_structure(); !done) return fail(std::move(done.error()));
    if (report_.damaged) return report_;
    auto totals = reader_.totals();
    if (!totals) return fail(std::move(totals.error()));
    totals_ = *totals;
    for (auto stage : {&StoreCheck::check_streams, &StoreCheck::check_rowless, &StoreCheck::check_sessions,
                       &StoreCheck::check_blobs, &StoreCheck::check_dead_letters})
      if (auto done = (this->*stage)(); !done) return fail(std::move(done.error()));
    return report_;
  }

 private:
  Result<> check_structure();
  Result<> check_streams();
  Result<> check_rowless();
  Result<> check_sessions();
  Result<> check_session(const store::AuditReader::SessionFigures& session);
  Result<Told> check_runs(std::int64_t session);
  Result<> check_run(store::AuditReader::RunLog log, Told& session);
  void check_teams();
  Result<> check_references(const History& history, RunFindings& findings);
  Result<std::optional<RunLimits>> limits(const store::RunRow& row);
  Result<> check_blobs();
  Result<> check_dead_letters();
  void tell(std::string_view stage, std::int64_t done, std::int64_t total) {
    progress_({stage, done, total});
  }

  /// A team's run until its session has been gone through: what its members used is known then.
  struct Led {
    store::RunRow row;
    Told told;
    std::optional<RunLimits> limits;
  };

  store::AuditReader& reader_;
  const CheckOptions options_;
  const std::function<void(const CheckProgress&)>& progress_;
  CheckReport report_;
  const FindingSink sink_;
  store::AuditReader::Totals totals_;
  std::map<std::string, Json> snapshots_;  // by hash
  std::map<std::string, Led> teams_;       // of the session at hand, by run
};

Result<> StoreCheck::check_structure() {
  tell("reading the file", 0, 1);
  auto faults = reader_.structure(options_.beside);
  if (!faults) return fail(std::move(faults.error()));
  report_.damaged = !faults->empty();
  for (std::string& fault : *faults)
    sink_({.invariant = "structure",
           .session = "",
           .run = "",
           .seq = 0,
           .what = std::move(fault),
           .means = "the file is damaged; restore a backup"});
  return {};
}

Result<> StoreCheck::check_streams() {
  Result<> names;  // how looking them up went
  StreamCheck streams({.stream =
                           [&](std::int64_t stream) {
                             auto name = reader_.name(stream);
                             if (!name) names = fail(std::move(name.error()));
                             return name ? std::move(*name) : store::StreamName{};
                           },
                       .run = [&](std::int64_t run) -> std::optional<store::RunPlace> {
                         auto place = reader_.place_of_run(run);
                         if (!place) names = fail(std::move(place.error()));
                         return place ? std::move(*place) : std::nullopt;
                       }},
                      sink_);
  store::AuditReader::Place after;
  for (;;) {
    auto last = reader_.log_after(after, kLogPage, [&](const store::LoggedRow& row) {
      ++report_.records;
      streams.take(row);
    });
    if (!last) return fail(std::move(last.error()));
    if (!names) return names;
    if (!*last) return {};
    after = **last;
    tell("reading the log", report_.records, totals_.log);
  }
}

Result<> StoreCheck::check_rowless() {
  auto runs = reader_.runs_without_row(kRunFindings);
  if (!runs) return fail(std::move(runs.error()));
  for (std::string& run : *runs)
    sink_({.invariant = "I1",
           .session = "",
           .run = std::move(run),
           .seq = 0,
           .what = "the log has facts of this run, which has no row",
           .means = "a run that was acknowledged cannot be found any more"});
  return {};
}

Result<> StoreCheck::check_sessions() {
  for (std::int64_t after = 0;;) {
    auto sessions = reader_.sessions_after(after, kSessionPage);
    if (!sessions) return fail(std::move(sessions.error()));
    if (sessions->empty()) return {};
    for (const auto& session : *sessions) {
      if (auto done = check_session(session); !done) return done;
      ++report_.sessions;
    }
    after = sessions->back().number;
  }
}

Result<> StoreCheck::check_session(const store::AuditReader::SessionFigures& session) {
  auto told = check_runs(session.number);
  if (!told) return fail(std::move(told.error()));
  check_teams();
  auto counted = reader_.usage_of_no_run(session.number, [&](std::string_view body) {
    if (auto event = parse_json(body)) add_usage_event(*event, *told);
  });
  if (!counted) return counted;

  // What went on in it meanwhile was seen in part. It is for the next check.
  auto now = reader_.sessions_after(session.number - 1, 1);
  if (!now) return fail(std::move(now.error()));
  if (now->empty() || now->front().row.id != session.row.id ||
      now->front().row.last_seq != session.row.last_seq || now->front().ledger.calls != session.ledger.calls)
    return {};
  if (session.row.runs != session.roots)
    sink_({.invariant = "I7",
           .session = session.row.id,
           .run = "",
           .seq = 0,
           .what = fmt::format("its row counts {} runs, there are {}", session.row.runs, session.roots),
           .means = "lists of conversations show a wrong number"});
  if (auto wrong = check_ledger(session, *told)) sink_(std::move(*wrong));
  return {};
}

Result<Told> StoreCheck::check_runs(std::int64_t session) {
  Told told;
  for (std::int64_t after = 0;;) {
    auto numbers = reader_.runs_of(session, after, kRunPage);
    if (!numbers) return fail(std::move(numbers.error()));
    if (numbers->empty()) return told;
    for (const std::int64_t number : *numbers) {
      auto log = reader_.run(number);
      if (!log) return fail(std::move(log.error()));
      if (!*log) continue;  // forgotten meanwhile
      if (auto done = check_run(std::move(**log), told); !done) return fail(std::move(done.error()));
      tell("checking runs", ++report_.runs, totals_.runs);
    }
    after = numbers->back();
  }
}

Result<> StoreCheck::check_run(store::AuditReader::RunLog log, Told& session) {
  const bool cut = log.cut;
  const History history = history_of(std::move(log));
  RunFindings findings(history.row, sink_);
  if (cut) {
    findings.add(
        "I8", 0,
        fmt::format("it has more than {} records, the most that one run is checked with", store::kRunLines),
        "the run was not checked");
    return {};
  }
  check_acceptance(history, findings);
  check_calls(history, findings);
  check_ending(history, findings);
  check_row(history, findings);
  check_beginnings(history, options_.every_beginning, findings);
  if (auto done = check_references(history, findings); !done) return done;

  const Told told = told_by(history);
  auto may = limits(history.row);
  if (!may) return fail(std::move(may.error()));
  if (told.leads || (*may && (*may)->team))
    teams_.insert_or_assign(history.row.id, Led{history.row, told, std::move(*may)});
  else
    check_spending(history.row, told, *may, findings);
  for (auto team = teams_.find(history.row.parent); team != teams_.end();
       team = teams_.find(team->second.row.parent)) {
    team->second.told.largest = std::max(team->second.told.largest, told.largest);
    team->second.told.dearest = std::max(team->second.told.dearest, told.dearest);
    team->second.told.beside += told.beside;
    team->second.told.beside_cost += told.beside_cost;
  }
  session += told;

  if (history.row.finished()) return {};
  RunMachine machine(history.imported());
  for (const Record& record : history.records) (void)machine.take(record);
  ++report_.unfinished[machine.next()];
  return {};
}

void StoreCheck::check_teams() {
  for (auto& [id, team] : teams_) {
    RunFindings findings(team.row, sink_);
    team.told.leads = true;
    check_spending(team.row, team.told, team.limits, findings);
  }
  teams_.clear();
}

Result<> StoreCheck::check_references(const History& history, RunFindings& findings) {
  for (const auto& [hash, what] : references(history)) {
    if (snapshots_.contains(hash)) continue;
    auto text = reader_.blob(hash);
    if (!text) return fail(std::move(text.error()));
    if (!*text)
      findings.add("blobs", 0, fmt::format("{} is not there (text {})", what, hash.substr(0, 12)),
                   "the run cannot go on, or cannot be shown, as it was");
  }
  return {};
}

Result<std::optional<RunLimits>> StoreCheck::limits(const store::RunRow& row) {
  auto known = snapshots_.find(row.config);
  if (known == snapshots_.end()) {
    auto text = reader_.blob(row.config);
    if (!text) return fail(std::move(text.error()));
    auto parsed = *text ? parse_json(**text) : Result<Json>(Json());
    if (snapshots_.size() >= kSnapshotsKnown) snapshots_.clear();
    if (!*text) return std::optional<RunLimits>();
    known = snapshots_.emplace(row.config, parsed ? std::move(*parsed) : Json()).first;
  }
  return limits_of(known->second, row);
}

Result<> StoreCheck::check_blobs() {
  for (std::int64_t after = 0;;) {
    auto last = reader_.blobs_after(after, kBlobPage, [&](std::string_view hash, std::string_view body) {
      tell("checking texts", ++report_.blobs, report_.blobs);
      if (sha256_hex(body) == hash) return;
      sink_({.invariant = "blobs",
             .session = "",
             .run = "",
             .seq = 0,
             .what = fmt::format("the text {} does not match its checksum", hash.substr(0, 12)),
             .means = "what refers to it gets something else than was kept"});
    });
    if (!last) return fail(std::move(last.error()));
    if (*last == 0) return {};
    after = *last;
  }
}

Result<> StoreCheck::check_dead_letters() {
  for (std::int64_t after = 0;;) {
    auto last = reader_.dead_letters_after(after, kLetterPage, [this](store::DeadLetterRow row) {
      const auto letter = bus::dead_letter_of(row);
      if (letter) return;
      sink_({.invariant = "dead letters",
             .session = std::move(row.session),
             .run = std::move(row.run),
             .seq = 0,
             .what = letter.error().message,
             .means = "the message cannot be sent again"});
    });
    if (!last) return fail(std::move(last.error()));
    if (*last == 0) return {};
    after = *last;
  }
}

}  // namespace

Result<CheckReport> check_store(store::AuditReader& reader, CheckOptions options, const FindingSink& found,
                                const std::function<void(const CheckProgress&)>& progress) {
  return StoreCheck(reader, options, found, progress).run();
}

}  // namespace troupe::agents
