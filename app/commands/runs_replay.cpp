#include "app/commands/runs_replay.h"

#include "agents/replay/replay.h"
#include "app/commands/command.h"
#include "app/load.h"
#include "app/progress_bar.h"
#include "app/replay_catalog.h"
#include "app/usage_table.h"
#include "runtime/base/clock.h"
#include "runtime/store/store_reader.h"
#include "runtime/telemetry/log.h"

#include <cstdio>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

namespace troupe::app {

namespace {

using agents::Replayed;

constexpr std::size_t kRunsMost = 1'000'000;  // that --all goes through

struct ReplayOptions {
  std::string config;
  std::string run;
  bool all = false;
  bool config_now = false;
  bool json = false;
  std::string session;
  std::string target;
  std::string status;
  std::string since;
  std::string until;
  std::size_t limit = kRunsMost;
};

int exit_of(const Error& error) {
  complain(error.message);
  return error.code == ErrorCode::store ? kStore : kUsage;
}

/// Which configuration a run is replayed under: the snapshot that it began with, or today's.
class Configurations {
 public:
  Configurations(store::StoreReader& reader, const Configuration* now) : reader_(reader), now_(now) {}

  Result<std::shared_ptr<const agents::Catalog>> catalog_for(const std::string& hash,
                                                             agents::ReplayStage stage) {
    if (now_) return make_replay_catalog(*now_, std::move(stage));
    auto& kept = kept_[hash];
    if (!kept) kept = read(hash);
    if (!*kept) return fail((*kept).error());
    return make_replay_catalog(**kept, std::move(stage));
  }

 private:
  Result<Configuration> read(const std::string& hash) {
    auto canonical = reader_.blob(hash);
    if (!canonical) return within("the configuration that it began with is not kept", canonical.error());
    return snapshot_for_replay(*canonical);
  }

  store::StoreReader& reader_;
  const Configuration* now_;
  std::map<std::string, std::optional<Result<Configuration>>> kept_;  // by hash
};

Result<Replayed> replay_one(store::StoreReader& reader, Configurations& configurations,
                            const std::string& run) {
  auto recording = agents::read_recording(reader, run);
  if (!recording) return fail(std::move(recording.error()));
  return agents::replay(*recording, reader, [&](agents::ReplayStage stage) {
    return configurations.catalog_for(recording->root().config, std::move(stage));
  });
}

std::string_view word(Replayed::Outcome outcome) {
  switch (outcome) {
    case Replayed::Outcome::same:
      return "same";
    case Replayed::Outcome::differs:
      return "differs";
    case Replayed::Outcome::skipped:
      break;
  }
  return "skipped";
}

Json to_json(const std::string& run, const Replayed& replayed) {
  Json json = {{"run", run}, {"outcome", word(replayed.outcome)}};
  if (!replayed.why.empty()) json["why"] = replayed.why;
  if (replayed.unfinished) json["unfinished"] = true;
  json["runs"] = replayed.runs;
  json["events"] = replayed.events;
  if (replayed.difference) json["difference"] = agents::to_json(*replayed.difference);
  return json;
}

std::string as_text(const std::string& run, const Replayed& replayed) {
  switch (replayed.outcome) {
    case Replayed::Outcome::same:
      return fmt::format("run {} replays to the same {} events{}{}\n", run, replayed.events,
                         replayed.runs > 1 ? fmt::format(" of {} runs", replayed.runs) : "",
                         replayed.unfinished ? ", as far as it has come" : "");
    case Replayed::Outcome::differs:
      return fmt::format("run {} replays otherwise than it was recorded; the first difference:\n{}", run,
                         agents::as_text(*replayed.difference));
    case Replayed::Outcome::skipped:
      break;
  }
  return fmt::format("run {} cannot be replayed exactly: {}\n", run, replayed.why);
}

int exit_of(const Replayed& replayed) {
  if (replayed.outcome == Replayed::Outcome::same) return kDone;
  return replayed.outcome == Replayed::Outcome::differs ? kFailed : kUsage;
}

bool wanted(const store::RunRow& row, const ReplayOptions& options) {
  const std::string day = rfc3339(row.created_ms).substr(0, options.since.size());
  return (options.target.empty() || row.target == options.target) &&
         (options.status.empty() || row.status == options.status) &&
         (options.since.empty() || day >= options.since) &&
         (options.until.empty() || rfc3339(row.created_ms).substr(0, options.until.size()) <= options.until);
}

Result<std::vector<std::string>> chosen(store::StoreReader& reader, const ReplayOptions& options) {
  std::string session = options.session;
  if (!session.empty()) {
    auto row = reader.session(session);
    if (!row) return fail(std::move(row.error()));
    session = row->id;
  }
  auto rows = reader.runs("", session, kRunsMost);
  if (!rows) return fail(std::move(rows.error()));
  std::vector<std::string> runs;
  for (const store::RunRow& row : *rows)
    if (wanted(row, options) && runs.size() < options.limit) runs.push_back(row.id);
  return runs;
}

// A line for what is not the same, and a sum of all.
int replay_all(store::StoreReader& reader, Configurations& configurations, const ReplayOptions& options) {
  auto runs = chosen(reader, options);
  if (!runs) return exit_of(runs.error());
  SystemClock clock;
  ProgressBar bar(clock);
  std::map<Replayed::Outcome, std::size_t> counts;
  std::size_t events = 0;
  std::size_t unread = 0;
  for (std::size_t i = 0; i < runs->size(); ++i) {
    const std::string& run = (*runs)[i];
    bar.show(false, [&](std::size_t) {
      return fmt::format("{} {} of {} runs, {} differ", bar_text(i, runs->size()), i, runs->size(),
                         counts[Replayed::Outcome::differs]);
    });
    auto replayed = replay_one(reader, configurations, run);
    if (!replayed) {
      bar.clear();
      complain(fmt::format("run {}: {}", run, replayed.error().message));
      ++unread;
      continue;
    }
    ++counts[replayed->outcome];
    events += replayed->events;
    const bool told = options.json || replayed->outcome != Replayed::Outcome::same;
    if (told) bar.clear();
    if (options.json)
      fmt::print("{}\n", dump(to_json(run, *replayed)));
    else if (told)
      fmt::print("{}", as_text(run, *replayed));
    std::fflush(stdout);
  }
  bar.clear();
  if (!options.json)
    fmt::print("{} runs, {} events: {} the same, {} differ, {} skipped{}\n", runs->size(), events,
               counts[Replayed::Outcome::same], counts[Replayed::Outcome::differs],
               counts[Replayed::Outcome::skipped],
               unread > 0 ? fmt::format(", {} could not be read", unread) : "");
  if (unread > 0) return kStore;
  return counts[Replayed::Outcome::differs] > 0 ? kFailed : kDone;
}

int run_replay(const ReplayOptions& options) {
  if (options.all == !options.run.empty()) {
    complain("say which run to replay, or --all of them");
    return kUsage;
  }
  auto loaded = load_for_command(options.config);
  if (!loaded) return kUsage;
  // What the engine of a replay logs is of no run that is at work.
  log::configure(log::Level::error, loaded->configuration.log.format);
  auto reader = store::open_store_reader(loaded->configuration.store.path);
  if (!reader) return exit_of(reader.error());
  Configurations configurations(*reader, options.config_now ? &loaded->configuration : nullptr);
  if (options.all) return replay_all(*reader, configurations, options);
  auto row = reader->run(options.run);
  if (!row) return exit_of(row.error());
  auto replayed = replay_one(*reader, configurations, row->id);
  if (!replayed) return exit_of(replayed.error());
  if (options.json)
    fmt::print("{}\n", dump(to_json(row->id, *replayed)));
  else
    fmt::print("{}", as_text(row->id, *replayed));
  return exit_of(*replayed);
}

}  // namespace

void add_runs_replay(CLI::App& runs, int& exit_code) {
  auto options = std::make_shared<ReplayOptions>();
  CLI::App* command =
      runs.add_subcommand("replay", "Execute recorded runs again, offline, and say where they differ");
  command->add_option("run", options->run, "The run's id, or enough of its beginning");
  command->add_option("-c,--config", options->config,
                      "Configuration file, for its store (default: as `troupe serve` looks for it)");
  command->add_flag("--config-now", options->config_now,
                    "Under the configuration as it is now, not as it was when the run began");
  CLI::Option* all = command->add_flag("--all", options->all, "All runs of the store, as a regression test");
  const CLI::Validator day(
      [](const std::string& text) {
        return is_day(text) ? std::string() : fmt::format("`{}` is not a day such as 2026-11-29", text);
      },
      "YYYY-MM-DD");
  command->add_option("--session", options->session, "Of all, only those of one conversation")->needs(all);
  command->add_option("--target", options->target, "Of all, only those asked of this agent, team or chain")
      ->needs(all);
  command->add_option("--status", options->status, "Of all, only those that ended so")
      ->needs(all)
      ->check(
          CLI::IsMember({"queued", "running", "waiting", "done", "failed", "cancelled", "limit", "denied"}));
  command->add_option("--since", options->since, "Of all, only those from this day on, in UTC")
      ->needs(all)
      ->check(day);
  command->add_option("--until", options->until, "Of all, only those up to this day, in UTC")
      ->needs(all)
      ->check(day);
  command->add_option("-n,--limit", options->limit, "Of all, only the newest so many")
      ->needs(all)
      ->check(CLI::Range(std::size_t{1}, kRunsMost));
  command->add_flag("--json", options->json, "One JSON object a run");
  command->footer(
      "Models, tools, searches and people answer as they did when the run was recorded; nothing is reached "
      "and\n"
      "nothing is written. Events and requests are compared, times and generated ids aside.\n"
      "Exit: 0 the same, 1 something differs, 2 wrong usage, or the run cannot be replayed exactly, 4 the "
      "store\n"
      "cannot be used. With --all runs that cannot be replayed are counted, and do not fail it.");
  command->callback([options, &exit_code] { exit_code = run_replay(*options); });
}

}  // namespace troupe::app
