#include "agents/compaction/compacted.h"
#include "agents/runs/run_json.h"
#include "agents/runs/run_tree.h"
#include "agents/runs/tool_steps.h"
#include "app/commands/command.h"
#include "app/commands/runs_go_on.h"
#include "app/commands/runs_replay.h"
#include "app/load.h"
#include "app/run_export.h"
#include "app/run_summary.h"
#include "app/talk/connect.h"
#include "app/talk/one_run.h"
#include "app/talk/printer.h"
#include "app/usage_table.h"
#include "runtime/store/store_reader.h"

#include <unistd.h>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

namespace troupe::app {

namespace {

struct RunsOptions {
  TalkOptions talk;
  std::string run;
  std::string session;
  std::string format = "events";
  std::string by = "day";
  store::UsageQuery usage;
  std::size_t limit = 20;
  bool members = false;
  bool json = false;
  bool prompt = false;
};

constexpr std::size_t kTurns = 100'000;  // of a session, read to show what a request held

int tell(const Error& error) {
  complain(error.message);
  return error.code == ErrorCode::store ? kStore : kFailed;
}

/// Opens the store of the configuration for reading, beside a daemon that may own it.
int with_reader(const RunsOptions& options,
                std::function<int(store::StoreReader&, const CommandConfiguration&)> body) {
  auto loaded = load_for_command(options.talk.config);
  if (!loaded) return kUsage;
  auto reader = store::open_store_reader(loaded->configuration.store.path);
  if (!reader) return tell(reader.error());
  return body(*reader, *loaded);
}

// At most `columns` code points, on one line.
std::string shortened(const std::string& text, std::size_t columns) {
  std::string out;
  std::size_t seen = 0;
  for (char c : text) {
    bool starts = (static_cast<unsigned char>(c) & 0xc0) != 0x80;
    if (starts && seen++ == columns) return out + "…";
    out += static_cast<unsigned char>(c) < 0x20 ? ' ' : c;
  }
  return out;
}

int list(store::StoreReader& reader, const RunsOptions& options) {
  auto rows = reader.runs("", options.session, options.limit,
                          options.members ? store::RunsOf::all : store::RunsOf::roots);
  if (!rows) return tell(rows.error());
  if (!options.json && !rows->empty())
    fmt::print("{:21} {:10} {:14} {:>5} {:>9} {:>10}  {:19}  {}\n", "RUN", "STATUS",
               options.members ? "AGENT" : "TARGET", "STEPS", "TOKENS", "COST", "CREATED", "INPUT");
  for (const store::RunRow& row : *rows) {
    if (options.json)
      fmt::print("{}\n", dump(agents::to_json(row)));
    else
      fmt::print("{:21} {:10} {:14} {:5} {:9} {:10.6f}  {:19}  {}\n", row.id, row.status,
                 shortened(options.members ? row.agent : row.target, 14), row.steps,
                 row.input_tokens + row.output_tokens, row.cost, rfc3339(row.created_ms).substr(0, 19),
                 shortened(row.input, 60));
  }
  return kDone;
}

Result<std::vector<Json>> events_of(store::StoreReader& reader, const std::string& run) {
  auto frames = reader.run_events(run);
  if (!frames) return std::unexpected(frames.error());
  std::vector<Json> events;
  for (const Frame& frame : *frames) {
    auto event = parse_json(*frame.text);
    if (!event) return within("run " + run, event.error());
    events.push_back(std::move(*event));
  }
  return events;
}

// Its own and those of the members of its team, which are between its first and its last.
Result<std::vector<Json>> events_of_tree(store::StoreReader& reader, const store::RunRow& row) {
  constexpr std::size_t kPage = 1'000;
  agents::RunTree tree(row.id);
  std::vector<Json> events;
  for (std::int64_t after = row.first_seq - 1;;) {
    auto page = reader.events(row.session, after, kPage);
    if (!page) return std::unexpected(page.error());
    for (const Frame& frame : *page) {
      after = frame.seq;
      if (row.finished() && frame.seq > row.last_seq) return events;
      auto event = parse_json(*frame.text);
      if (!event) return within("run " + row.id, event.error());
      if (tree.takes(*event)) events.push_back(std::move(*event));
    }
    if (page->size() < kPage) return events;
  }
}

void print_events(const std::vector<Json>& events, const std::string& run, Show show, std::FILE* err) {
  Printer printer(show, stdout, err);
  const agents::RunTree tree(run);
  for (const Json& event : events)
    printer.print(dump(event), event, tree.is_root(event) ? Whose::run : Whose::member);
}

Result<std::vector<models::Message>> steps_of(store::StoreReader& reader, const std::string& run) {
  auto facts = reader.facts(run);
  if (!facts) return std::unexpected(facts.error());
  auto events = reader.run_events(run);
  if (!events) return std::unexpected(events.error());
  return agents::tool_steps(*facts, *events);
}

// Each request as the model's provider got it.
int show_requests(store::StoreReader& reader, const store::RunRow& row, bool json) {
  auto facts = reader.facts(row.id);
  if (!facts) return tell(facts.error());
  if (const auto compacted = agents::compacted_in(*facts)) {
    complain(
        fmt::format("run {}: {}", row.id, agents::why_not_any_more(*compacted, "shown as it was asked")));
    return kFailed;
  }
  auto turns = reader.turns(row.session, row.agent, kTurns);
  if (!turns) return tell(turns.error());
  agents::StepsByRun steps;
  for (const std::string& run : agents::runs_with_steps(*facts, *turns)) {
    auto own = steps_of(reader, run);
    if (!own) return tell(own.error());
    steps.emplace(run, std::move(*own));
  }
  auto requests = agents::sent_requests(*facts, *turns, steps);
  if (!requests) return tell(requests.error());
  if (requests->empty()) {
    complain("the run has asked no model yet");
    return kFailed;
  }
  if (!json) fmt::print("{}", isatty(STDOUT_FILENO) ? printable(as_text(*requests)) : as_text(*requests));
  for (const agents::SentRequest& request : *requests)
    if (json) fmt::print("{}\n", dump(agents::as_json(request)));
  return kDone;
}

int show(store::StoreReader& reader, const RunsOptions& options) {
  auto row = reader.run(options.run);
  if (!row) return tell(row.error());
  if (options.prompt) return show_requests(reader, *row, options.json);
  auto events = events_of(reader, row->id);
  if (!events) return tell(events.error());
  const RunSummary summary = summarize(*events);
  events = events_of_tree(reader, *row);
  if (!events) return tell(events.error());
  if (options.json) {
    Json shown = agents::to_json(*row);
    shown["summary"] = as_json(summary);
    shown["events"] = *events;
    fmt::print("{}\n", dump_pretty(shown));
    return kDone;
  }
  fmt::print("{}\n", as_text(*row, summary, SystemClock().wall_ms()));
  std::fflush(stdout);
  print_events(*events, row->id, Show::trace, stdout);
  return kDone;
}

// What calls to models used, those of runs at work as far as they have come.
int usage(store::StoreReader& reader, const RunsOptions& options) {
  store::UsageQuery query = options.usage;
  query.by = usage_by(options.by);
  if (!query.session.empty()) {
    auto session = reader.session(query.session);
    if (!session) return tell(session.error());
    query.session = session->id;
  }
  auto rows = reader.usage(query);
  if (!rows) return tell(rows.error());
  if (!options.json && !rows->empty()) fmt::print("{}", usage_table(*rows, options.by));
  for (const store::UsageRow& row : *rows)
    if (options.json) fmt::print("{}\n", dump(usage_json(row, options.by)));
  return kDone;
}

int export_one(store::StoreReader& reader, const RunsOptions& options) {
  auto row = reader.run(options.run);
  if (!row) return tell(row.error());
  auto events = events_of(reader, row->id);
  if (!events) return tell(events.error());
  auto text = export_run(*events, options.format);
  if (!text) return tell(text.error());
  fmt::print("{}", *text);
  return kDone;
}

Task<int> follow(Loop& loop, Peer& peer, store::RunRow row, bool json) {
  auto opened = co_await peer.open(row.session, "", row.first_seq - 1);
  if (!opened) co_return tell(opened.error());
  Stop left;
  Stop unused;
  Interrupts interrupts(loop, left, unused);
  Printer printer(json ? Show::json : Show::trace, stdout, stderr);
  agents::RunTree tree(row.id);
  for (;;) {
    auto text = co_await peer.next(left);
    if (!text) co_return left.requested() ? kInterrupted : tell(text.error());
    auto event = parse_json(*text);
    if (!event || !tree.takes(*event)) continue;
    const bool own = tree.is_root(*event);
    printer.print(*text, *event, own ? Whose::run : Whose::member);
    if (own && string_or(*event, "type") == "run.finished")
      co_return string_or(*event, "status") == "done" ? kDone : kFailed;
  }
}

int watch(store::StoreReader& reader, const CommandConfiguration& loaded, const RunsOptions& options) {
  auto row = reader.run(options.run);
  if (!row) return tell(row.error());
  auto daemon = store::StoreLock::holder(loaded.configuration.store.path);
  if (row->finished() || !daemon || daemon->empty()) {
    auto events = events_of_tree(reader, *row);
    if (!events) return tell(events.error());
    print_events(*events, row->id, options.json ? Show::json : Show::trace, stderr);
    if (row->finished()) return row->status == "done" ? kDone : kFailed;
    complain("the run is not finished and no daemon works on it; `troupe serve` goes on with it");
    return kFailed;
  }
  TalkOptions talk = options.talk;
  talk.url = *daemon;
  return with_peer(talk, [&](Loop& loop, Peer& peer) { return follow(loop, peer, *row, options.json); });
}

}  // namespace

void add_runs(CLI::App& app, int& exit_code) {
  auto options = std::make_shared<RunsOptions>();
  CLI::App* command = app.add_subcommand(
      "runs", "List, show, watch, stop, resume, fork, replay and export runs; what they used");
  command->require_subcommand(1);
  auto add = [&](const char* name, const char* description, bool one_run) {
    CLI::App* sub = command->add_subcommand(name, description);
    sub->add_option("-c,--config", options->talk.config,
                    "Configuration file (default: as `troupe serve` looks for it)");
    if (one_run) sub->add_option("run", options->run, "The run's id, or enough of its beginning")->required();
    return sub;
  };

  CLI::App* list_command = add("list", "Newest first", false);
  list_command->add_option("--session", options->session, "Only those of one conversation");
  list_command->add_option("-n,--limit", options->limit, "How many")
      ->capture_default_str()
      ->check(CLI::Range(1, 100'000));
  list_command->add_flag("--members", options->members, "Also the runs of the members of teams");
  list_command->add_flag("--json", options->json, "One JSON object a line");
  list_command->callback([options, &exit_code] {
    exit_code = with_reader(*options, [&](store::StoreReader& reader, const CommandConfiguration&) {
      return list(reader, *options);
    });
  });

  CLI::App* show_command = add("show", "What a run did, step by step", true);
  show_command->add_flag("--prompt", options->prompt,
                         "Each request to the model, as its provider got it (secrets masked)");
  show_command->add_flag("--json", options->json,
                         "As JSON, with all events; with --prompt one request a line");
  show_command->callback([options, &exit_code] {
    exit_code = with_reader(*options, [&](store::StoreReader& reader, const CommandConfiguration&) {
      return show(reader, *options);
    });
  });

  CLI::App* watch_command = add("watch", "Follow a run until it ends", true);
  watch_command->add_flag("--json", options->json, "Events, one JSON object a line");
  watch_command
      ->add_option("--token", options->talk.token,
                   "Bearer token for the daemon (or environment TROUPE_TOKEN)")
      ->envname("TROUPE_TOKEN");
  watch_command->callback([options, &exit_code] {
    exit_code = with_reader(*options, [&](store::StoreReader& reader, const CommandConfiguration& loaded) {
      return watch(reader, loaded, *options);
    });
  });

  add_runs_go_on(*command, exit_code);
  add_runs_replay(*command, exit_code);

  CLI::App* usage_command = add("usage", "Tokens and cost of model calls, added up", false);
  const CLI::Validator day(
      [](const std::string& text) {
        return is_day(text) ? std::string() : fmt::format("`{}` is not a day such as 2026-11-29", text);
      },
      "YYYY-MM-DD");
  usage_command->add_option("--by", options->by, "What to add up by")
      ->capture_default_str()
      ->check(CLI::IsMember(usage_words()));
  usage_command->add_option("--since", options->usage.since, "The first day, in UTC")->check(day);
  usage_command->add_option("--until", options->usage.until, "The last day, in UTC")->check(day);
  usage_command->add_option("--tenant", options->usage.tenant, "Only what was spent for this tenant");
  usage_command->add_option("--agent", options->usage.agent, "Only what this agent spent");
  usage_command->add_option("--session", options->usage.session, "Only what was spent in one conversation");
  usage_command->add_option("-n,--limit", options->usage.limit, "How many rows")
      ->check(CLI::Range(1, 100'000));
  usage_command->add_flag("--json", options->json, "One JSON object a line");
  usage_command->callback([options, &exit_code] {
    exit_code = with_reader(*options, [&](store::StoreReader& reader, const CommandConfiguration&) {
      return usage(reader, *options);
    });
  });

  CLI::App* export_command = add("export", "Write a run as events or as training data", true);
  export_command->add_option("--format", options->format, "What to write")
      ->capture_default_str()
      ->check(CLI::IsMember(export_formats()));
  export_command->callback([options, &exit_code] {
    exit_code = with_reader(*options, [&](store::StoreReader& reader, const CommandConfiguration&) {
      return export_one(reader, *options);
    });
  });
}

}  // namespace troupe::app
